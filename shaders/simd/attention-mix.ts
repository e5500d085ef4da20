// attention's second half: sums of values, which lie as attention.ts says, by the weights that scores have become.
// Every column is added up position after position.

import { f16Mask, fusedMultiplyAdd, scaledF16x4 } from './vector';

/** Sums of the values of four queries, sixteen columns at a time. */
export function mix4(
  weights: usize, rowBytes: usize, values: usize, length: usize, headDim: usize, groupBytes: usize,
  out0: usize, out1: usize, out2: usize, out3: usize,
): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const skip = groupBytes - headDim * 16;
  let d: usize = 0;
  for (; d + 64 <= bytes; d += 64) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
    let value = values + d / 2;
    let w0 = weights;
    const w1 = rowBytes, w2 = rowBytes * 2, w3 = rowBytes * 3;
    for (const end = w0 + length * 4; w0 < end; value += skip) {
      for (const stop = min(w0 + 32, end); w0 < stop; w0 += 4) {
        const v0 = scaledF16x4(v128.load16x4_s(value), mask);
        const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
        const v2 = scaledF16x4(v128.load16x4_s(value, 16), mask);
        const v3 = scaledF16x4(v128.load16x4_s(value, 24), mask);
        let x = v128.load32_splat(w0);
        a0 = fusedMultiplyAdd(v0, x, a0);
        a1 = fusedMultiplyAdd(v1, x, a1);
        a2 = fusedMultiplyAdd(v2, x, a2);
        a3 = fusedMultiplyAdd(v3, x, a3);
        x = v128.load32_splat(w0 + w1);
        b0 = fusedMultiplyAdd(v0, x, b0);
        b1 = fusedMultiplyAdd(v1, x, b1);
        b2 = fusedMultiplyAdd(v2, x, b2);
        b3 = fusedMultiplyAdd(v3, x, b3);
        x = v128.load32_splat(w0 + w2);
        c0 = fusedMultiplyAdd(v0, x, c0);
        c1 = fusedMultiplyAdd(v1, x, c1);
        c2 = fusedMultiplyAdd(v2, x, c2);
        c3 = fusedMultiplyAdd(v3, x, c3);
        x = v128.load32_splat(w0 + w3);
        d0 = fusedMultiplyAdd(v0, x, d0);
        d1 = fusedMultiplyAdd(v1, x, d1);
        d2 = fusedMultiplyAdd(v2, x, d2);
        d3 = fusedMultiplyAdd(v3, x, d3);
        value += bytes / 2;
      }
    }
    v128.store(out0 + d, a0);
    v128.store(out0 + d, a1, 16);
    v128.store(out0 + d, a2, 32);
    v128.store(out0 + d, a3, 48);
    v128.store(out1 + d, b0);
    v128.store(out1 + d, b1, 16);
    v128.store(out1 + d, b2, 32);
    v128.store(out1 + d, b3, 48);
    v128.store(out2 + d, c0);
    v128.store(out2 + d, c1, 16);
    v128.store(out2 + d, c2, 32);
    v128.store(out2 + d, c3, 48);
    v128.store(out3 + d, d0);
    v128.store(out3 + d, d1, 16);
    v128.store(out3 + d, d2, 32);
    v128.store(out3 + d, d3, 48);
  }
  if (d < bytes) {
    mix1(weights, values, length, headDim, groupBytes, d, out0);
    mix1(weights + rowBytes, values, length, headDim, groupBytes, d, out1);
    mix1(weights + rowBytes * 2, values, length, headDim, groupBytes, d, out2);
    mix1(weights + rowBytes * 3, values, length, headDim, groupBytes, d, out3);
  }
}

/** One query, from column `from` bytes on. */
export function mix1(
  weights: usize, values: usize, length: usize, headDim: usize, groupBytes: usize, from: usize, out: usize,
): void {
  const bytes = headDim * 4;
  for (let done: usize = 0; done < length; done += 8) {
    addValues(weights + done * 4, values, min(length - done, 8), bytes, from, done > 0, out);
    values += groupBytes;
  }
}

/** A query of each head. */
export function mixEach(
  weights: usize, rowBytes: usize, values: usize, length: usize, heads: usize, headDim: usize, out: usize,
): void {
  const bytes = headDim * 4;
  for (let done: usize = 0; done < length; done += 8) {
    const count = min(length - done, 8);
    for (let h: usize = 0; h < heads; h++) {
      addValues(weights + h * rowBytes + done * 4, values, count, bytes, 0, done > 0, out + h * bytes);
      values += bytes * 4;
    }
  }
}

/** Adds the values of up to eight positions to `out` (or begins there), 32 columns at a time and the rest by eight. */
function addValues(
  weights: usize, values: usize, count: usize, bytes: usize, from: usize, begun: bool, out: usize,
): void {
  const end = weights + count * 4;
  const mask = f16Mask();
  let d = from;
  for (; d + 128 <= bytes; d += 128) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    if (begun) {
      a0 = v128.load(out + d);
      a1 = v128.load(out + d, 16);
      b0 = v128.load(out + d, 32);
      b1 = v128.load(out + d, 48);
      c0 = v128.load(out + d, 64);
      c1 = v128.load(out + d, 80);
      d0 = v128.load(out + d, 96);
      d1 = v128.load(out + d, 112);
    }
    let value = values + d / 2;
    for (let w = weights; w < end; w += 4) {
      const x = v128.load32_splat(w);
      const v0 = scaledF16x4(v128.load16x4_s(value), mask);
      const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      const v2 = scaledF16x4(v128.load16x4_s(value, 16), mask);
      const v3 = scaledF16x4(v128.load16x4_s(value, 24), mask);
      b0 = fusedMultiplyAdd(v2, x, b0);
      b1 = fusedMultiplyAdd(v3, x, b1);
      const v4 = scaledF16x4(v128.load16x4_s(value, 32), mask);
      const v5 = scaledF16x4(v128.load16x4_s(value, 40), mask);
      c0 = fusedMultiplyAdd(v4, x, c0);
      c1 = fusedMultiplyAdd(v5, x, c1);
      const v6 = scaledF16x4(v128.load16x4_s(value, 48), mask);
      const v7 = scaledF16x4(v128.load16x4_s(value, 56), mask);
      d0 = fusedMultiplyAdd(v6, x, d0);
      d1 = fusedMultiplyAdd(v7, x, d1);
      value += bytes / 2;
    }
    v128.store(out + d, a0);
    v128.store(out + d, a1, 16);
    v128.store(out + d, b0, 32);
    v128.store(out + d, b1, 48);
    v128.store(out + d, c0, 64);
    v128.store(out + d, c1, 80);
    v128.store(out + d, d0, 96);
    v128.store(out + d, d1, 112);
  }
  for (; d < bytes; d += 32) {
    let a0 = f32x4.splat(0), a1 = a0;
    if (begun) {
      a0 = v128.load(out + d);
      a1 = v128.load(out + d, 16);
    }
    let value = values + d / 2;
    for (let w = weights; w < end; w += 4) {
      const x = v128.load32_splat(w);
      const v0 = scaledF16x4(v128.load16x4_s(value), mask);
      const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      value += bytes / 2;
    }
    v128.store(out + d, a0);
    v128.store(out + d, a1, 16);
  }
}
