// matmul with f32 or f16 weights and f32 activations. Weights lie in groups of eight rows, column by column: eight
// values of one column side by side. Each row's sum runs over 32 columns at a time, whatever the number of tokens.

import { f16Bias, f16Mask, fusedMultiplyAdd, scaledF16x4 } from './vector';

const ROWS: usize = 8;
/** Columns converted from f16 at a time: 512 · 8 rows · 4 bytes = 16 KB. A multiple of 32. */
const CHUNK_COLUMNS: usize = 512;

/** x: [tokens, columns] with `xStride` bytes a token, out: `outStride` bytes a token. */
export function matmulF32(
  weight: usize, groups: usize, columns: usize,
  x: usize, xStride: usize, tokens: usize, out: usize, outStride: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    clear(out, outStride, tokens);
    multiply(weight, columns, x, xStride, tokens, out, outStride);
    weight += columns * ROWS * 4;
    out += ROWS * 4;
  }
}

/** As matmulF32; scratch: CHUNK_COLUMNS · 8 f32. */
export function matmulF16(
  weight: usize, groups: usize, columns: usize,
  x: usize, xStride: usize, tokens: usize, out: usize, outStride: usize, scratch: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    clear(out, outStride, tokens);
    for (let first: usize = 0; first < columns; first += CHUNK_COLUMNS) {
      const count = min(CHUNK_COLUMNS, columns - first);
      toF32(weight, count, scratch);
      multiply(scratch, count, x + first * 4, xStride, tokens, out, outStride);
      weight += count * ROWS * 2;
    }
    out += ROWS * 4;
  }
}

function clear(out: usize, outStride: usize, tokens: usize): void {
  for (let t: usize = 0; t < tokens; t++, out += outStride) {
    v128.store(out, f32x4.splat(0));
    v128.store(out, f32x4.splat(0), 16);
  }
}

function toF32(from: usize, columns: usize, to: usize): void {
  const mask = f16Mask();
  const bias = f16Bias();
  for (let column: usize = 0; column < columns; column++) {
    const halves = v128.load(from);
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_low_i16x8_s(halves), mask), bias));
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_high_i16x8_s(halves), mask), bias), 16);
    from += 16;
    to += 32;
  }
}

/** out += weight · x for eight rows. */
function multiply(weight: usize, columns: usize, x: usize, xStride: usize, tokens: usize, out: usize, outStride: usize): void {
  for (let column: usize = 0; column < columns; column += 32) {
    const xs = x + column * 4;
    const bytes = min(32, columns - column) * 4;
    let t: usize = 0;
    for (; t + 4 <= tokens; t += 4) tile4(weight, bytes, xs + t * xStride, xStride, out + t * outStride, outStride);
    for (; t < tokens; t++) tile1(weight, bytes, xs + t * xStride, out + t * outStride);
    weight += 32 * ROWS * 4;
  }
}

function tile4(weight: usize, bytes: usize, x: usize, xStride: usize, out: usize, outStride: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  const x2 = xStride * 2;
  const x3 = xStride * 3;
  for (const end = x + bytes; x < end; x += 4) {
    const w0 = v128.load(weight);
    const w1 = v128.load(weight, 16);
    let v = v128.load32_splat(x);
    a0 = fusedMultiplyAdd(w0, v, a0);
    a1 = fusedMultiplyAdd(w1, v, a1);
    v = v128.load32_splat(x + xStride);
    b0 = fusedMultiplyAdd(w0, v, b0);
    b1 = fusedMultiplyAdd(w1, v, b1);
    v = v128.load32_splat(x + x2);
    c0 = fusedMultiplyAdd(w0, v, c0);
    c1 = fusedMultiplyAdd(w1, v, c1);
    v = v128.load32_splat(x + x3);
    d0 = fusedMultiplyAdd(w0, v, d0);
    d1 = fusedMultiplyAdd(w1, v, d1);
    weight += 32;
  }
  accumulate(out, a0, a1);
  accumulate(out + outStride, b0, b1);
  accumulate(out + outStride * 2, c0, c1);
  accumulate(out + outStride * 3, d0, d1);
}

function tile1(weight: usize, bytes: usize, x: usize, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0;
  for (const end = x + bytes; x < end; x += 4) {
    const v = v128.load32_splat(x);
    a0 = fusedMultiplyAdd(v128.load(weight), v, a0);
    a1 = fusedMultiplyAdd(v128.load(weight, 16), v, a1);
    weight += 32;
  }
  accumulate(out, a0, a1);
}

// @ts-ignore: decorator
@inline
function accumulate(out: usize, a: v128, b: v128): void {
  const sum0 = v128.load(out);
  const sum1 = v128.load(out, 16);
  v128.store(out, f32x4.add(sum0, a));
  v128.store(out, f32x4.add(sum1, b), 16);
}
