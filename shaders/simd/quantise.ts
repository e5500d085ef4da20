// quantise: f32 activations to Q80 rows in the form that the matmuls read.

import { integerBase, maxLanes, sumLanes } from './vector';

/** Bits of 1.5·2^23, see matmul-q40. */
const INTEGER_BASE: i32 = 0x4b400000;

/**
 * input: [rows, blocks·32] f32. out: a row is blocks·32 i8, then per block its f32 scale (rounded to f16, as a file
 * would hold it), then per block the i32 INTEGER_BASE − 8·Σ of its integers.
 */
export function quantise(input: usize, out: usize, rows: usize, blocks: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const scales = out + blocks * 32;
    const starts = scales + blocks * 4;
    storeLargest(input, scales, blocks);
    scalesAndFactors(scales, starts, blocks);
    storeIntegers(input, out, starts, blocks);
    input += blocks * 128;
    out += blocks * 40;
  }
}

/** The largest magnitude of each block; not a number where the block holds one, or an infinity. */
function storeLargest(input: usize, to: usize, blocks: usize): void {
  for (const end = to + blocks * 4; to < end; to += 4, input += 128) {
    const v0 = f32x4.abs(v128.load(input)), v1 = f32x4.abs(v128.load(input, 16));
    const v2 = f32x4.abs(v128.load(input, 32)), v3 = f32x4.abs(v128.load(input, 48));
    const v4 = f32x4.abs(v128.load(input, 64)), v5 = f32x4.abs(v128.load(input, 80));
    const v6 = f32x4.abs(v128.load(input, 96)), v7 = f32x4.abs(v128.load(input, 112));
    const a = f32x4.pmax(f32x4.pmax(v0, v1), f32x4.pmax(v2, v3));
    const b = f32x4.pmax(f32x4.pmax(v4, v5), f32x4.pmax(v6, v7));
    // Unlike a maximum, a sum keeps what is no number; and an infinity less itself is none.
    const sum = f32x4.add(
      f32x4.add(f32x4.add(v0, v1), f32x4.add(v2, v3)),
      f32x4.add(f32x4.add(v4, v5), f32x4.add(v6, v7)),
    );
    store<f32>(to, maxLanes(f32x4.pmax(a, b)) + sumLanes(f32x4.sub(sum, sum)));
  }
}

/** From the largest magnitudes in `scales`: each block's scale there, and what to multiply its values with in `factors`. */
function scalesAndFactors(scales: usize, factors: usize, blocks: usize): void {
  let i: usize = 0;
  for (; i + 4 <= blocks; i += 4) {
    const scale = f32x4.div(v128.load(scales + i * 4), f32x4.splat(127));
    v128.store(scales + i * 4, roundToF16(scale));
    v128.store(factors + i * 4, reciprocal(scale));
  }
  for (; i < blocks; i++) {
    const scale = f32x4.div(v128.load32_zero(scales + i * 4), f32x4.splat(127));
    v128.store32_lane(scales + i * 4, roundToF16(scale), 0);
    v128.store32_lane(factors + i * 4, reciprocal(scale), 0);
  }
}

/** 1/x, 0 for 0. */
// @ts-ignore: decorator
@inline
function reciprocal(x: v128): v128 {
  return v128.and(f32x4.div(f32x4.splat(1), x), f32x4.gt(x, f32x4.splat(0)));
}

/** The f16 nearest to each of four non-negative numbers, ties to even; infinite where it is above 65504. */
// @ts-ignore: decorator
@inline
function roundToF16(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 13), i32x4.splat(1));
  const rounded = v128.and(i32x4.add(x, i32x4.add(odd, i32x4.splat(0xfff))), i32x4.splat(~0x1fff));
  // Below 2^−14 an f16's unit is 2^−24, which is also the unit of a float between 0.5 and 1.
  const small = f32x4.sub(f32x4.add(x, f32x4.splat(0.5)), f32x4.splat(0.5));
  const isSmall = f32x4.lt(x, f32x4.splat(6.103515625e-5));
  const nearest = v128.bitselect(small, rounded, isSmall);
  return v128.bitselect(f32x4.splat(Infinity), nearest, f32x4.gt(nearest, f32x4.splat(65504)));
}

/** Rounds each block times its factor; the factor's place gets the accumulator's start. */
function storeIntegers(input: usize, out: usize, factors: usize, blocks: usize): void {
  const base = integerBase();
  for (const end = factors + blocks * 4; factors < end; factors += 4, input += 128, out += 32) {
    const factor = v128.load32_splat(factors);
    const a = i16x8.narrow_i32x4_s(rounded(input, factor, base), rounded(input + 16, factor, base));
    const b = i16x8.narrow_i32x4_s(rounded(input + 32, factor, base), rounded(input + 48, factor, base));
    const c = i16x8.narrow_i32x4_s(rounded(input + 64, factor, base), rounded(input + 80, factor, base));
    const d = i16x8.narrow_i32x4_s(rounded(input + 96, factor, base), rounded(input + 112, factor, base));
    v128.store(out, i8x16.narrow_i16x8_s(a, b));
    v128.store(out, i8x16.narrow_i16x8_s(c, d), 16);
    const sums = i32x4.dot_i16x8_s(i16x8.add(i16x8.add(a, b), i16x8.add(c, d)), i16x8.splat(1));
    const pairs = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
    const sum = i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
    store<i32>(factors, INTEGER_BASE - 8 * sum);
  }
}

/** Four values times `factor` as integers: adding 1.5·2^23 rounds to the nearest, ties to even. */
// @ts-ignore: decorator
@inline
function rounded(input: usize, factor: v128, base: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(v128.load(input), factor), base), base);
}
