// attention's first half: products of queries and keys, which lie as attention.ts says. Lengths are in positions; scores
// are written in whole groups of sixteen, so that those behind the last position are of whatever the cache holds there.

import { f16Mask, fusedMultiplyAdd, scaledF16x4 } from './vector';

/** Scores of four queries that lie one after the other. */
export function scores4(
  q: usize, keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize, rowBytes: usize,
): void {
  for (const end = scores + length * 4; scores < end; scores += 64, keys += groupBytes) {
    tile4(q, keys, headDim, scores, rowBytes);
  }
}

/** Scores of one query. */
export function scores1(q: usize, keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize): void {
  for (const end = scores + length * 4; scores < end; scores += 64, keys += groupBytes) tile1(q, keys, headDim, scores);
}

/**
 * Scores of `each` queries of every key head (`first`, `last`: see attendAll), a group at a time, so that keys are read from end to end: two places at once
 * would hide more of a multiplication's latency, but are read at half the speed from memory.
 */
export function scoresAll(
  q: usize, keys: usize, length: usize, heads: usize, first: usize, each: usize, last: usize, headDim: usize,
  scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  const next = headDim * 32;
  for (const end = scores + length * 4; scores < end; scores += 64) {
    let query = q, row = scores;
    for (let h: usize = 0; h < heads; h++, keys += next) {
      const count = h == 0 ? first : h == heads - 1 ? last : each;
      let n: usize = 0;
      for (; n + 4 <= count; n += 4, query += bytes * 4, row += rowBytes * 4) tile4(query, keys, headDim, row, rowBytes);
      for (; n + 2 <= count; n += 2, query += bytes * 2, row += rowBytes * 2) tile2(query, keys, headDim, row, rowBytes);
      for (; n < count; n++, query += bytes, row += rowBytes) tile1(query, keys, headDim, row);
    }
  }
}

/** Four queries and a group: as many sums as hide a multiplication's latency. */
function tile4(q0: usize, keys: usize, headDim: usize, row: usize, rowBytes: usize): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const q1 = q0 + bytes, q2 = q1 + bytes, q3 = q2 + bytes;
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
  for (let i: usize = 0; i < bytes; i += 4, keys += 32) {
    const k0 = scaledF16x4(v128.load16x4_s(keys), mask);
    const k1 = scaledF16x4(v128.load16x4_s(keys, 8), mask);
    const k2 = scaledF16x4(v128.load16x4_s(keys, 16), mask);
    const k3 = scaledF16x4(v128.load16x4_s(keys, 24), mask);
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
  }
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
}

function tile2(q0: usize, keys: usize, headDim: usize, row: usize, rowBytes: usize): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  const q1 = q0 + bytes;
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let i: usize = 0; i < bytes; i += 4, keys += 32) {
    const k0 = scaledF16x4(v128.load16x4_s(keys), mask);
    const k1 = scaledF16x4(v128.load16x4_s(keys, 8), mask);
    const k2 = scaledF16x4(v128.load16x4_s(keys, 16), mask);
    const k3 = scaledF16x4(v128.load16x4_s(keys, 24), mask);
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
  }
  v128.store(row, a0);
  v128.store(row, a1, 16);
  v128.store(row, a2, 32);
  v128.store(row, a3, 48);
  row += rowBytes;
  v128.store(row, b0);
  v128.store(row, b1, 16);
  v128.store(row, b2, 32);
  v128.store(row, b3, 48);
}

function tile1(q0: usize, keys: usize, headDim: usize, row: usize): void {
  const bytes = headDim * 4;
  const mask = f16Mask();
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (let i: usize = 0; i < bytes; i += 4, keys += 32) {
    const k0 = scaledF16x4(v128.load16x4_s(keys), mask);
    const k1 = scaledF16x4(v128.load16x4_s(keys, 8), mask);
    const k2 = scaledF16x4(v128.load16x4_s(keys, 16), mask);
    const k3 = scaledF16x4(v128.load16x4_s(keys, 24), mask);
    const x = v128.load32_splat(q0 + i);
    a0 = fusedMultiplyAdd(k0, x, a0);
    a1 = fusedMultiplyAdd(k1, x, a1);
    a2 = fusedMultiplyAdd(k2, x, a2);
    a3 = fusedMultiplyAdd(k3, x, a3);
  }
  v128.store(row, a0);
  v128.store(row, a1, 16);
  v128.store(row, a2, 32);
  v128.store(row, a3, 48);
}
