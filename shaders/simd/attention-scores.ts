// attention's first half: products of queries and keys, which lie as attention.ts says. Lengths are in positions; scores
// are written in whole groups of eight, so that those behind the last position are of whatever the cache holds there.

import { f16Mask, fusedMultiplyAdd, scaledF16x4 } from './vector';

/** Scores of four queries, sixteen positions at a time: as many sums as hide a multiplication's latency. */
export function scores4(
  q0: usize, q1: usize, q2: usize, q3: usize,
  keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const skip = groupBytes * 2 - headDim * 16;
  let p: usize = 0;
  for (; p + 8 < length; p += 16) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const k0 = scaledF16x4(v128.load16x4_s(keys), mask);
      const k1 = scaledF16x4(v128.load16x4_s(keys, 8), mask);
      const k2 = scaledF16x4(v128.load16x4_s(keys + groupBytes), mask);
      const k3 = scaledF16x4(v128.load16x4_s(keys + groupBytes, 8), mask);
      let x = v128.load32_splat(q0 + i);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
      a2 = fusedMultiplyAdd(k2, x, a2);
      a3 = fusedMultiplyAdd(k3, x, a3);
      x = v128.load32_splat(q1 + i);
      b0 = fusedMultiplyAdd(k0, x, b0);
      b1 = fusedMultiplyAdd(k1, x, b1);
      b2 = fusedMultiplyAdd(k2, x, b2);
      b3 = fusedMultiplyAdd(k3, x, b3);
      x = v128.load32_splat(q2 + i);
      c0 = fusedMultiplyAdd(k0, x, c0);
      c1 = fusedMultiplyAdd(k1, x, c1);
      c2 = fusedMultiplyAdd(k2, x, c2);
      c3 = fusedMultiplyAdd(k3, x, c3);
      x = v128.load32_splat(q3 + i);
      d0 = fusedMultiplyAdd(k0, x, d0);
      d1 = fusedMultiplyAdd(k1, x, d1);
      d2 = fusedMultiplyAdd(k2, x, d2);
      d3 = fusedMultiplyAdd(k3, x, d3);
      keys += 16;
    }
    keys += skip;
    let row = scores;
    v128.store(row, a0);
    v128.store(row, a1, 16);
    v128.store(row, a2, 32);
    v128.store(row, a3, 48);
    row += rowBytes;
    v128.store(row, b0);
    v128.store(row, b1, 16);
    v128.store(row, b2, 32);
    v128.store(row, b3, 48);
    row += rowBytes;
    v128.store(row, c0);
    v128.store(row, c1, 16);
    v128.store(row, c2, 32);
    v128.store(row, c3, 48);
    row += rowBytes;
    v128.store(row, d0);
    v128.store(row, d1, 16);
    v128.store(row, d2, 32);
    v128.store(row, d3, 48);
    scores += 64;
  }
  if (p >= length) return;
  scores1(q0, keys, 8, headDim, groupBytes, scores);
  scores1(q1, keys, 8, headDim, groupBytes, scores + rowBytes);
  scores1(q2, keys, 8, headDim, groupBytes, scores + rowBytes * 2);
  scores1(q3, keys, 8, headDim, groupBytes, scores + rowBytes * 3);
}

/** Scores of one query, 32 positions at a time, and the rest by eight. */
export function scores1(q: usize, keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const end = scores + ((length + 7) & ~7) * 4;
  for (; scores + 128 <= end; scores += 128) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    const keys1 = keys + groupBytes;
    const keys2 = keys1 + groupBytes;
    const keys3 = keys2 + groupBytes;
    for (let i: usize = 0, at: usize = 0; i < bytes; i += 4, at += 16) {
      const x = v128.load32_splat(q + i);
      const k0 = scaledF16x4(v128.load16x4_s(keys + at), mask);
      const k1 = scaledF16x4(v128.load16x4_s(keys + at, 8), mask);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
      const k2 = scaledF16x4(v128.load16x4_s(keys1 + at), mask);
      const k3 = scaledF16x4(v128.load16x4_s(keys1 + at, 8), mask);
      b0 = fusedMultiplyAdd(k2, x, b0);
      b1 = fusedMultiplyAdd(k3, x, b1);
      const k4 = scaledF16x4(v128.load16x4_s(keys2 + at), mask);
      const k5 = scaledF16x4(v128.load16x4_s(keys2 + at, 8), mask);
      c0 = fusedMultiplyAdd(k4, x, c0);
      c1 = fusedMultiplyAdd(k5, x, c1);
      const k6 = scaledF16x4(v128.load16x4_s(keys3 + at), mask);
      const k7 = scaledF16x4(v128.load16x4_s(keys3 + at, 8), mask);
      d0 = fusedMultiplyAdd(k6, x, d0);
      d1 = fusedMultiplyAdd(k7, x, d1);
    }
    v128.store(scores, a0);
    v128.store(scores, a1, 16);
    v128.store(scores, b0, 32);
    v128.store(scores, b1, 48);
    v128.store(scores, c0, 64);
    v128.store(scores, c1, 80);
    v128.store(scores, d0, 96);
    v128.store(scores, d1, 112);
    keys = keys3 + groupBytes;
  }
  for (; scores < end; scores += 32) {
    let a0 = f32x4.splat(0), a1 = a0;
    for (let i: usize = 0, at = keys; i < bytes; i += 4, at += 16) {
      const x = v128.load32_splat(q + i);
      const k0 = scaledF16x4(v128.load16x4_s(at), mask);
      const k1 = scaledF16x4(v128.load16x4_s(at, 8), mask);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
    }
    v128.store(scores, a0);
    v128.store(scores, a1, 16);
    keys += groupBytes;
  }
}

/** Scores of a query for each head, four heads at a time. */
export function scoresEach(
  q: usize, keys: usize, length: usize, heads: usize, headDim: usize, scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const next = headDim * 16;
  for (const end = scores + ((length + 7) & ~7) * 4; scores < end; scores += 32) {
    let row = scores;
    let h: usize = 0;
    for (; h + 4 <= heads; h += 4) {
      let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
      const q0 = q + h * bytes;
      const q1 = q0 + bytes;
      const q2 = q1 + bytes;
      const q3 = q2 + bytes;
      const keys1 = keys + next;
      const keys2 = keys1 + next;
      const keys3 = keys2 + next;
      for (let i: usize = 0, at: usize = 0; i < bytes; i += 4, at += 16) {
        const k0 = scaledF16x4(v128.load16x4_s(keys + at), mask);
        const k1 = scaledF16x4(v128.load16x4_s(keys + at, 8), mask);
        let x = v128.load32_splat(q0 + i);
        a0 = fusedMultiplyAdd(k0, x, a0);
        a1 = fusedMultiplyAdd(k1, x, a1);
        const k2 = scaledF16x4(v128.load16x4_s(keys1 + at), mask);
        const k3 = scaledF16x4(v128.load16x4_s(keys1 + at, 8), mask);
        x = v128.load32_splat(q1 + i);
        b0 = fusedMultiplyAdd(k2, x, b0);
        b1 = fusedMultiplyAdd(k3, x, b1);
        const k4 = scaledF16x4(v128.load16x4_s(keys2 + at), mask);
        const k5 = scaledF16x4(v128.load16x4_s(keys2 + at, 8), mask);
        x = v128.load32_splat(q2 + i);
        c0 = fusedMultiplyAdd(k4, x, c0);
        c1 = fusedMultiplyAdd(k5, x, c1);
        const k6 = scaledF16x4(v128.load16x4_s(keys3 + at), mask);
        const k7 = scaledF16x4(v128.load16x4_s(keys3 + at, 8), mask);
        x = v128.load32_splat(q3 + i);
        d0 = fusedMultiplyAdd(k6, x, d0);
        d1 = fusedMultiplyAdd(k7, x, d1);
      }
      v128.store(row, a0);
      v128.store(row, a1, 16);
      row += rowBytes;
      v128.store(row, b0);
      v128.store(row, b1, 16);
      row += rowBytes;
      v128.store(row, c0);
      v128.store(row, c1, 16);
      row += rowBytes;
      v128.store(row, d0);
      v128.store(row, d1, 16);
      row += rowBytes;
      keys = keys3 + next;
    }
    for (; h < heads; h++) {
      scores1(q + h * bytes, keys, 8, headDim, next, row);
      row += rowBytes;
      keys += next;
    }
  }
}
