// What the kernels share below the level of an op. Where relaxed SIMD is off the same functions exist, slower.

/** c + four-byte dot products: lane i gets Σ a[4i+j]·b[4i+j]. a is signed; b must lie in 0..127. */
// @ts-ignore: decorator
@inline
export function dot4(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, c);
  const ones = i16x8.splat(1);
  const low = i32x4.dot_i16x8_s(i16x8.extmul_low_i8x16_s(a, b), ones);
  const high = i32x4.dot_i16x8_s(i16x8.extmul_high_i8x16_s(a, b), ones);
  const even = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  const odd = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
  return i32x4.add(c, i32x4.add(even, odd));
}

/** a·b + c, rounded once where the machine does that. */
// @ts-ignore: decorator
@inline
export function fusedMultiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// V8 makes a vector constant anew at every use (three instructions, two of them on a port that shuffles need too), but
// keeps a loaded one in a register. So kernels load their constants once, before their loops.
const CONSTANTS: usize = memory.data<u32>(
  [
    0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, // low nibbles
    0x4b400000, 0x4b400000, 0x4b400000, 0x4b400000, // 1.5·2^23 as f32
    0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, // an f16's sign, exponent and mantissa, once shifted
    0x77800000, 0x77800000, 0x77800000, 0x77800000, // 2^112 as f32
  ],
  16,
);

// @ts-ignore: decorator
@inline
export function lowNibbles(): v128 {
  return v128.load(CONSTANTS);
}

/** 1.5·2^23: an integer n below 2^22 in magnitude, added to its bits, makes the float 1.5·2^23 + n. */
// @ts-ignore: decorator
@inline
export function integerBase(): v128 {
  return v128.load(CONSTANTS, 16);
}

/** Where scaledF16x4 leaves bits: the sign, the exponent and the mantissa. */
// @ts-ignore: decorator
@inline
export function f16Mask(): v128 {
  return v128.load(CONSTANTS, 32);
}

/** 2^112, what a scaled f16 has to be multiplied by. */
// @ts-ignore: decorator
@inline
export function f16Bias(): v128 {
  return v128.load(CONSTANTS, 48);
}

/**
 * Four f16, sign-extended to 32 bits, as f32 · 2^−112: the exponents' biases differ by 112, and a caller that
 * multiplies anyway puts 2^112 into its factor. Infinities and NaN become large numbers.
 */
// @ts-ignore: decorator
@inline
export function scaledF16x4(bits: v128, mask: v128): v128 {
  return v128.and(v128.shl<i32>(bits, 13), mask);
}

/** Sum of the four lanes, pairwise. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  const pairs = f32x4.max(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * e^x to about 2 units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2 (ln 2 in two parts, Cody and Waite),
 * a polynomial for e^r and n into the exponent. Below −87 it gives about 10^−38 instead of less, above 88 a large number.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691e-4);
  p = fusedMultiplyAdd(p, r, f32x4.splat(1.3981999e-3));
  p = fusedMultiplyAdd(p, r, f32x4.splat(8.3334519e-3));
  p = fusedMultiplyAdd(p, r, f32x4.splat(4.1665796e-2));
  p = fusedMultiplyAdd(p, r, f32x4.splat(1.6666665e-1));
  p = fusedMultiplyAdd(p, r, f32x4.splat(5.0000001e-1));
  p = f32x4.add(fusedMultiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = v128.shl<i32>(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}
