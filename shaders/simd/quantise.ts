// quantise: f32 activations to Q80 rows in the form that the matmuls read.

import { maxLanes } from './vector';

/** Bits of 1.5·2^23, see matmul-q40. */
const INTEGER_BASE: i32 = 0x4b400000;

/**
 * input: [rows, blocks·32] f32. out: a row is blocks·32 i8, then per block its f32 scale (rounded to f16, as a file
 * would hold it), then per block the i32 INTEGER_BASE − 8·Σ of its integers.
 */
export function quantise(input: usize, out: usize, rows: usize, blocks: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    let scale = out + blocks * 32;
    let start = scale + blocks * 4;
    for (let block: usize = 0; block < blocks; block++) {
      const v0 = v128.load(input), v1 = v128.load(input, 16), v2 = v128.load(input, 32), v3 = v128.load(input, 48);
      const v4 = v128.load(input, 64), v5 = v128.load(input, 80), v6 = v128.load(input, 96), v7 = v128.load(input, 112);
      const largest = maxLanes(
        f32x4.max(
          f32x4.max(f32x4.max(f32x4.abs(v0), f32x4.abs(v1)), f32x4.max(f32x4.abs(v2), f32x4.abs(v3))),
          f32x4.max(f32x4.max(f32x4.abs(v4), f32x4.abs(v5)), f32x4.max(f32x4.abs(v6), f32x4.abs(v7))),
        ),
      );
      const scaleOfBlock = largest / 127;
      const factor = f32x4.splat(scaleOfBlock > 0 ? 1 / scaleOfBlock : 0);
      const low = i8x16.narrow_i16x8_s(integers(v0, v1, factor), integers(v2, v3, factor));
      const high = i8x16.narrow_i16x8_s(integers(v4, v5, factor), integers(v6, v7, factor));
      v128.store(out, low);
      v128.store(out, high, 16);
      const pairs = i16x8.add(i16x8.extadd_pairwise_i8x16_s(low), i16x8.extadd_pairwise_i8x16_s(high));
      const fours = i32x4.extadd_pairwise_i16x8_s(pairs);
      const sum =
        i32x4.extract_lane(fours, 0) + i32x4.extract_lane(fours, 1) + i32x4.extract_lane(fours, 2) + i32x4.extract_lane(fours, 3);
      store<f32>(scale, roundToF16(scaleOfBlock));
      store<i32>(start, INTEGER_BASE - 8 * sum);
      input += 128;
      out += 32;
      scale += 4;
      start += 4;
    }
    out += blocks * 8;
  }
}

// @ts-ignore: decorator
@inline
function integers(a: v128, b: v128, factor: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(a, factor))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(b, factor))),
  );
}

/** The f16 nearest to a non-negative x, ties to even; at most 65504. */
function roundToF16(x: f32): f32 {
  // Below 2^−14 an f16's unit is 2^−24, which is also the unit of a float between 0.5 and 1.
  if (x < 6.103515625e-5) return x + 0.5 - 0.5;
  const bits = reinterpret<i32>(x);
  return min(reinterpret<f32>((bits + 0xfff + ((bits >> 13) & 1)) & ~0x1fff), 65504);
}
