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
// a loaded one costs a load at most, and stays in a register if there is one. So constants are loaded.
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

/**
 * Eight f32 as f16, rounded to the nearest, of two the even one. What is above 65504 becomes that, and what is below
 * 2^−14 zero: halves without exponent are slow to multiply on some machines.
 */
// @ts-ignore: decorator
@inline
export function f16x8(at: usize): v128 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const sign = i16x8.narrow_i32x4_s(signOf(a), signOf(b));
  return v128.or(sign, i16x8.narrow_i32x4_s(magnitudeF16x4(a), magnitudeF16x4(b)));
}

// @ts-ignore: decorator
@inline
function signOf(x: v128): v128 {
  return v128.shl<i32>(v128.shr<i32>(x, 31), 15);
}

// @ts-ignore: decorator
@inline
function magnitudeF16x4(x: v128): v128 {
  const magnitude = f32x4.pmin(f32x4.abs(x), f32x4.splat(65504));
  const odd = v128.and(v128.shr<u32>(magnitude, 13), i32x4.splat(1));
  const rounded = v128.shr<u32>(i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff)), odd), 13);
  const half = i32x4.sub(rounded, i32x4.splat(112 << 10));
  return v128.and(half, i32x4.gt_s(half, i32x4.splat(0x3ff)));
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
  const pairs = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2)), 0);
}

const EXP_CONSTANTS: usize = memory.data<f32>(
  [
    88, -87, 1.44269504, 0.693359375, -2.12194440e-4, // bounds, log2 e, ln 2 in two parts
    1.9875691e-4, 1.3981999e-3, 8.3334519e-3, 4.1665796e-2, 1.6666665e-1, 0.5, 1, // the polynomial, highest power first
  ],
  16,
);

/**
 * e^x to about 2 units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2 (ln 2 in two parts, Cody and Waite),
 * a polynomial for e^r and n into the exponent. Below −87 it gives about 10^−38 instead of less, above 88 a large number.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const c = EXP_CONSTANTS;
  x = f32x4.pmax(f32x4.pmin(x, v128.load32_splat(c)), v128.load32_splat(c, 4));
  const base = integerBase();
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(c, 8)), base);
  const n = f32x4.sub(shifted, base);
  let r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(c, 12)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load32_splat(c, 16)));
  let p = v128.load32_splat(c, 20);
  p = fusedMultiplyAdd(p, r, v128.load32_splat(c, 24));
  p = fusedMultiplyAdd(p, r, v128.load32_splat(c, 28));
  p = fusedMultiplyAdd(p, r, v128.load32_splat(c, 32));
  p = fusedMultiplyAdd(p, r, v128.load32_splat(c, 36));
  p = fusedMultiplyAdd(p, r, v128.load32_splat(c, 40));
  const one = v128.load32_splat(c, 44);
  p = f32x4.add(fusedMultiplyAdd(p, f32x4.mul(r, r), r), one);
  // The bits of `shifted` are those of the base, whose low nine are zero, plus n: of them shifted left, n is left. The
  // bits of 1 hold the exponent's bias.
  const power = i32x4.add(v128.shl<i32>(shifted, 23), one);
  return f32x4.mul(p, power);
}

/** sum + n · scales · xScale, where `dot` holds the bits of 1.5·2^23 + n. */
// @ts-ignore: decorator
@inline
export function addDot(dot: v128, base: v128, scales: v128, xScale: v128, sum: v128): v128 {
  return fusedMultiplyAdd(f32x4.sub(dot, base), f32x4.mul(scales, xScale), sum);
}
