// attention's second half: sums of values, which lie as attention.ts says, by the weights that scores have become.
// Every column is added up position after position.

import { f16Mask, fusedMultiplyAdd, scaledF16x4 } from './vector';

/** Bytes of sixteen columns of a group's values. */
const BLOCK: usize = 512;

/** Adds sums of values to the rows of four queries (or begins there), sixteen columns at a time. */
export function mix4(
  weights: usize, rowBytes: usize, values: usize, length: usize, headDim: usize, groupBytes: usize, begun: bool,
  out0: usize, out1: usize, out2: usize, out3: usize,
): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const skip = groupBytes - BLOCK;
  let d: usize = 0;
  for (; d + 64 <= bytes; d += 64) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
    if (begun) {
      a0 = v128.load(out0 + d);
      a1 = v128.load(out0 + d, 16);
      a2 = v128.load(out0 + d, 32);
      a3 = v128.load(out0 + d, 48);
      b0 = v128.load(out1 + d);
      b1 = v128.load(out1 + d, 16);
      b2 = v128.load(out1 + d, 32);
      b3 = v128.load(out1 + d, 48);
      c0 = v128.load(out2 + d);
      c1 = v128.load(out2 + d, 16);
      c2 = v128.load(out2 + d, 32);
      c3 = v128.load(out2 + d, 48);
      d0 = v128.load(out3 + d);
      d1 = v128.load(out3 + d, 16);
      d2 = v128.load(out3 + d, 32);
      d3 = v128.load(out3 + d, 48);
    }
    let value = values + d * 8;
    let w0 = weights;
    const w1 = rowBytes, w2 = rowBytes * 2, w3 = rowBytes * 3;
    for (const end = w0 + length * 4; w0 < end; value += skip) {
      for (const stop = min(w0 + 64, end); w0 < stop; w0 += 4, value += 32) {
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
  if (d == bytes) return;
  mix1(weights, values, length, headDim, groupBytes, begun, d, out0);
  mix1(weights + rowBytes, values, length, headDim, groupBytes, begun, d, out1);
  mix1(weights + rowBytes * 2, values, length, headDim, groupBytes, begun, d, out2);
  mix1(weights + rowBytes * 3, values, length, headDim, groupBytes, begun, d, out3);
}

/** One query, from column `from` bytes on. */
export function mix1(
  weights: usize, values: usize, length: usize, headDim: usize, groupBytes: usize, begun: bool, from: usize, out: usize,
): void {
  for (let done: usize = 0; done < length; done += 16, values += groupBytes) {
    addValues(weights + done * 4, values, min(length - done, 16), headDim * 4, from, begun || done > 0, out);
  }
}

/**
 * `each` queries of every head (`first`, `last`: see attendAll), a group at a time, so that values are read from end to
 * end.
 */
export function mixAll(
  weights: usize, rowBytes: usize, values: usize, length: usize, heads: usize, first: usize, each: usize, last: usize,
  headDim: usize, out: usize,
): void {
  const bytes = headDim * 4;
  const next = headDim * 32;
  for (let done: usize = 0; done < length; done += 16) {
    const positions = min(length - done, 16);
    const begun = done > 0;
    let row = weights + done * 4;
    let to = out;
    for (let h: usize = 0; h < heads; h++, values += next) {
      const count = h == 0 ? first : h == heads - 1 ? last : each;
      let n: usize = 0;
      for (; n + 4 <= count; n += 4, row += rowBytes * 4, to += bytes * 4) {
        mix4(row, rowBytes, values, positions, headDim, 0, begun, to, to + bytes, to + bytes * 2, to + bytes * 3);
      }
      for (; n + 2 <= count; n += 2, row += rowBytes * 2, to += bytes * 2) {
        addValues2(row, rowBytes, values, positions, bytes, begun, to);
      }
      for (; n < count; n++, row += rowBytes, to += bytes) addValues(row, values, positions, bytes, 0, begun, to);
    }
  }
}

/** Adds a group's values to the rows of two queries (or begins there), sixteen columns at a time. */
function addValues2(
  w0: usize, rowBytes: usize, values: usize, count: usize, bytes: usize, begun: bool, out: usize,
): void {
  const mask = f16Mask();
  const end = w0 + count * 4;
  let d: usize = 0;
  for (; d + 64 <= bytes; d += 64) {
    const out0 = out + d, out1 = out0 + bytes;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    if (begun) {
      a0 = v128.load(out0);
      a1 = v128.load(out0, 16);
      a2 = v128.load(out0, 32);
      a3 = v128.load(out0, 48);
      b0 = v128.load(out1);
      b1 = v128.load(out1, 16);
      b2 = v128.load(out1, 32);
      b3 = v128.load(out1, 48);
    }
    let value = values + d * 8;
    for (let w = w0; w < end; w += 4, value += 32) {
      const v0 = scaledF16x4(v128.load16x4_s(value), mask);
      const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
      const v2 = scaledF16x4(v128.load16x4_s(value, 16), mask);
      const v3 = scaledF16x4(v128.load16x4_s(value, 24), mask);
      let x = v128.load32_splat(w);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      a2 = fusedMultiplyAdd(v2, x, a2);
      a3 = fusedMultiplyAdd(v3, x, a3);
      x = v128.load32_splat(w + rowBytes);
      b0 = fusedMultiplyAdd(v0, x, b0);
      b1 = fusedMultiplyAdd(v1, x, b1);
      b2 = fusedMultiplyAdd(v2, x, b2);
      b3 = fusedMultiplyAdd(v3, x, b3);
    }
    v128.store(out0, a0);
    v128.store(out0, a1, 16);
    v128.store(out0, a2, 32);
    v128.store(out0, a3, 48);
    v128.store(out1, b0);
    v128.store(out1, b1, 16);
    v128.store(out1, b2, 32);
    v128.store(out1, b3, 48);
  }
  if (d == bytes) return;
  addValues(w0, values, count, bytes, d, begun, out);
  addValues(w0 + rowBytes, values, count, bytes, d, begun, out + bytes);
}

/** Adds a group's values to `out` (or begins there), sixteen columns at a time, and the rest of eight. */
function addValues(
  weights: usize, values: usize, count: usize, bytes: usize, from: usize, begun: bool, out: usize,
): void {
  const end = weights + count * 4;
  const mask = f16Mask();
  let d = from;
  for (; d + 64 <= bytes; d += 64) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    if (begun) {
      a0 = v128.load(out + d);
      a1 = v128.load(out + d, 16);
      a2 = v128.load(out + d, 32);
      a3 = v128.load(out + d, 48);
    }
    let value = values + d * 8;
    for (let w = weights; w < end; w += 4, value += 32) {
      const x = v128.load32_splat(w);
      const v0 = scaledF16x4(v128.load16x4_s(value), mask);
      const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
      const v2 = scaledF16x4(v128.load16x4_s(value, 16), mask);
      const v3 = scaledF16x4(v128.load16x4_s(value, 24), mask);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      a2 = fusedMultiplyAdd(v2, x, a2);
      a3 = fusedMultiplyAdd(v3, x, a3);
    }
    v128.store(out + d, a0);
    v128.store(out + d, a1, 16);
    v128.store(out + d, a2, 32);
    v128.store(out + d, a3, 48);
  }
  if (d == bytes) return;
  let a0 = f32x4.splat(0), a1 = a0;
  if (begun) {
    a0 = v128.load(out + d);
    a1 = v128.load(out + d, 16);
  }
  let value = values + d * 8;
  for (let w = weights; w < end; w += 4, value += 16) {
    const x = v128.load32_splat(w);
    const v0 = scaledF16x4(v128.load16x4_s(value), mask);
    const v1 = scaledF16x4(v128.load16x4_s(value, 8), mask);
    a0 = fusedMultiplyAdd(v0, x, a0);
    a1 = fusedMultiplyAdd(v1, x, a1);
  }
  v128.store(out + d, a0);
  v128.store(out + d, a1, 16);
}
