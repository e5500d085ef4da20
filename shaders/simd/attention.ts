// attention: causal attention of grouped heads over a slot's keys and values.
//
// A slot's keys and values lie in groups of eight positions, all heads of a group side by side, so that one token's
// attention reads one long stream. Keys of a head: [position / 8, heads, headDim, 8] f32, so that eight scores come from
// vector sums without adding across lanes. Values: [position / 8, heads, 8, headDim]. `groupBytes` lie between a head's
// groups. A query's sums run in the same order whatever is computed beside it, so batch size and number of threads change
// no bit.

import { exp4, fusedMultiplyAdd, maxLanes, sumLanes } from './vector';

/** Stores `count` consecutive positions of all heads; k and v: `stride` bytes a token, heads side by side. */
export function storeKeysValues(
  k: usize, v: usize, stride: usize, count: usize, heads: usize,
  keys: usize, values: usize, position: usize, headDim: usize,
): void {
  const bytes = headDim * 4;
  for (const end = position + count; position < end; position++, k += stride, v += stride) {
    const lane = position % 8;
    for (let head: usize = 0; head < heads; head++) {
      const group = ((position / 8) * heads + head) * headDim * 32;
      const from = k + head * bytes;
      let to = keys + group + lane * 4;
      for (let d: usize = 0; d < bytes; d += 4, to += 32) store<f32>(to, load<f32>(from + d));
      memory.copy(values + group + lane * bytes, v + head * bytes, bytes);
    }
  }
}

/**
 * One token at `position`, whose query heads have a key-value head each; q and out: heads side by side.
 * scratch: heads · (positions rounded up to 16) f32.
 */
export function attendEach(
  q: usize, out: usize, heads: usize, keys: usize, values: usize, position: usize, headDim: usize, scratch: usize,
): void {
  const length = position + 1;
  const rowBytes = ((length + 15) / 16) * 64;
  const scale = f32(1.0 / sqrt(f64(headDim)));
  scoresEach(q, keys, length, heads, headDim, scratch, rowBytes);
  for (let head: usize = 0; head < heads; head++) softmax(scratch + head * rowBytes, length, length, scale);
  mixEach(scratch, rowBytes, values, length, heads, headDim, out);
}

/**
 * `count` tokens from `position` on, `heads` query heads that read the same key-value head; q and out: `stride` bytes a
 * token, heads side by side. scratch: 4 · (positions rounded up to 16) f32.
 */
export function attend(
  q: usize, out: usize, stride: usize, count: usize, heads: usize,
  keys: usize, values: usize, groupBytes: usize, position: usize, headDim: usize, scratch: usize,
): void {
  const queries = count * heads;
  const rowBytes = ((position + count + 15) / 16) * 64;
  const scale = f32(1.0 / sqrt(f64(headDim)));
  let n: usize = 0;
  for (; n + 4 <= queries; n += 4) {
    const o0 = offset(n, heads, stride, headDim);
    const o1 = offset(n + 1, heads, stride, headDim);
    const o2 = offset(n + 2, heads, stride, headDim);
    const o3 = offset(n + 3, heads, stride, headDim);
    const longest = position + (n + 3) / heads + 1;
    scores4(q + o0, q + o1, q + o2, q + o3, keys, longest, headDim, groupBytes, scratch, rowBytes);
    for (let i: usize = 0; i < 4; i++) softmax(scratch + i * rowBytes, position + (n + i) / heads + 1, longest, scale);
    mix4(scratch, rowBytes, values, longest, headDim, groupBytes, out + o0, out + o1, out + o2, out + o3);
  }
  for (; n < queries; n++) {
    const o = offset(n, heads, stride, headDim);
    const length = position + n / heads + 1;
    scores1(q + o, keys, length, headDim, groupBytes, scratch);
    softmax(scratch, length, length, scale);
    mix1(scratch, values, length, headDim, groupBytes, 0, out + o);
  }
}

// @ts-ignore: decorator
@inline
function offset(query: usize, heads: usize, stride: usize, headDim: usize): usize {
  return (query / heads) * stride + (query % heads) * headDim * 4;
}

/** Scores of four queries, sixteen positions at a time: as many sums as hide a multiplication's latency. */
function scores4(
  q0: usize, q1: usize, q2: usize, q3: usize,
  keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  const skip = groupBytes * 2 - headDim * 32;
  let p: usize = 0;
  for (; p + 8 < length; p += 16) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const k0 = v128.load(keys);
      const k1 = v128.load(keys, 16);
      const k2 = v128.load(keys + groupBytes);
      const k3 = v128.load(keys + groupBytes, 16);
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
      keys += 32;
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
function scores1(q: usize, keys: usize, length: usize, headDim: usize, groupBytes: usize, scores: usize): void {
  const bytes = headDim * 4;
  const end = scores + ((length + 7) & ~7) * 4;
  for (; scores + 128 <= end; scores += 128) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    const keys1 = keys + groupBytes;
    const keys2 = keys1 + groupBytes;
    const keys3 = keys2 + groupBytes;
    for (let i: usize = 0, at: usize = 0; i < bytes; i += 4, at += 32) {
      const x = v128.load32_splat(q + i);
      const k0 = v128.load(keys + at);
      const k1 = v128.load(keys + at, 16);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
      const k2 = v128.load(keys1 + at);
      const k3 = v128.load(keys1 + at, 16);
      b0 = fusedMultiplyAdd(k2, x, b0);
      b1 = fusedMultiplyAdd(k3, x, b1);
      const k4 = v128.load(keys2 + at);
      const k5 = v128.load(keys2 + at, 16);
      c0 = fusedMultiplyAdd(k4, x, c0);
      c1 = fusedMultiplyAdd(k5, x, c1);
      const k6 = v128.load(keys3 + at);
      const k7 = v128.load(keys3 + at, 16);
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
    for (let i: usize = 0, at = keys; i < bytes; i += 4, at += 32) {
      const x = v128.load32_splat(q + i);
      const k0 = v128.load(at);
      const k1 = v128.load(at, 16);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
    }
    v128.store(scores, a0);
    v128.store(scores, a1, 16);
    keys += groupBytes;
  }
}

/** Scores of a query for each head, four heads at a time. */
function scoresEach(
  q: usize, keys: usize, length: usize, heads: usize, headDim: usize, scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  const next = headDim * 32;
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
      for (let i: usize = 0, at: usize = 0; i < bytes; i += 4, at += 32) {
        const k0 = v128.load(keys + at);
        const k1 = v128.load(keys + at, 16);
        let x = v128.load32_splat(q0 + i);
        a0 = fusedMultiplyAdd(k0, x, a0);
        a1 = fusedMultiplyAdd(k1, x, a1);
        const k2 = v128.load(keys1 + at);
        const k3 = v128.load(keys1 + at, 16);
        x = v128.load32_splat(q1 + i);
        b0 = fusedMultiplyAdd(k2, x, b0);
        b1 = fusedMultiplyAdd(k3, x, b1);
        const k4 = v128.load(keys2 + at);
        const k5 = v128.load(keys2 + at, 16);
        x = v128.load32_splat(q2 + i);
        c0 = fusedMultiplyAdd(k4, x, c0);
        c1 = fusedMultiplyAdd(k5, x, c1);
        const k6 = v128.load(keys3 + at);
        const k7 = v128.load(keys3 + at, 16);
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

/** The first `length` scores to probabilities; from there to `padded` zeros, since the row shares a tile with longer ones. */
function softmax(scores: usize, length: usize, padded: usize, scale: f32): void {
  const end = scores + length * 4;
  const last = scores + ((length + 7) & ~7) * 4;
  // The last vectors' unused lanes must lose every comparison and add nothing.
  for (let p = end; p < last; p += 4) store<f32>(p, -Infinity);
  let best0 = f32x4.splat(-Infinity), best1 = best0;
  for (let p = scores; p < last; p += 32) {
    best0 = f32x4.pmax(best0, v128.load(p));
    best1 = f32x4.pmax(best1, v128.load(p, 16));
  }
  const shift = f32x4.splat(maxLanes(f32x4.pmax(best0, best1)));
  const scales = f32x4.splat(scale);
  let sum0 = f32x4.splat(0), sum1 = sum0;
  for (let p = scores; p < last; p += 32) {
    const s0 = v128.load(p);
    const s1 = v128.load(p, 16);
    const e0 = exp4(f32x4.mul(f32x4.sub(s0, shift), scales));
    const e1 = exp4(f32x4.mul(f32x4.sub(s1, shift), scales));
    v128.store(p, e0);
    v128.store(p, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  const factor = f32x4.splat(1 / sumLanes(f32x4.add(sum0, sum1)));
  for (let p = scores; p < last; p += 32) {
    const e0 = v128.load(p);
    const e1 = v128.load(p, 16);
    v128.store(p, f32x4.mul(e0, factor));
    v128.store(p, f32x4.mul(e1, factor), 16);
  }
  for (let p = end; p < scores + padded * 4; p += 4) store<f32>(p, 0);
}

/** Sums of the values of four queries, sixteen columns at a time. */
function mix4(
  weights: usize, rowBytes: usize, values: usize, length: usize, headDim: usize, groupBytes: usize,
  out0: usize, out1: usize, out2: usize, out3: usize,
): void {
  const bytes = headDim * 4;
  const skip = groupBytes - headDim * 32;
  let d: usize = 0;
  for (; d + 64 <= bytes; d += 64) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
    let value = values + d;
    let w0 = weights;
    const w1 = rowBytes, w2 = rowBytes * 2, w3 = rowBytes * 3;
    for (const end = w0 + length * 4; w0 < end; value += skip) {
      for (const stop = min(w0 + 32, end); w0 < stop; w0 += 4) {
        const v0 = v128.load(value);
        const v1 = v128.load(value, 16);
        const v2 = v128.load(value, 32);
        const v3 = v128.load(value, 48);
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
        value += bytes;
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
function mix1(
  weights: usize, values: usize, length: usize, headDim: usize, groupBytes: usize, from: usize, out: usize,
): void {
  const bytes = headDim * 4;
  for (let done: usize = 0; done < length; done += 8) {
    addValues(weights + done * 4, values, min(length - done, 8), bytes, from, done > 0, out);
    values += groupBytes;
  }
}

/** A query of each head. */
function mixEach(
  weights: usize, rowBytes: usize, values: usize, length: usize, heads: usize, headDim: usize, out: usize,
): void {
  const bytes = headDim * 4;
  for (let done: usize = 0; done < length; done += 8) {
    const count = min(length - done, 8);
    for (let h: usize = 0; h < heads; h++) {
      addValues(weights + h * rowBytes + done * 4, values, count, bytes, 0, done > 0, out + h * bytes);
      values += bytes * 8;
    }
  }
}

/** Adds the values of up to eight positions to `out` (or begins there), 32 columns at a time and the rest by eight. */
function addValues(
  weights: usize, values: usize, count: usize, bytes: usize, from: usize, begun: bool, out: usize,
): void {
  const end = weights + count * 4;
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
    let value = values + d;
    for (let w = weights; w < end; w += 4) {
      const x = v128.load32_splat(w);
      const v0 = v128.load(value);
      const v1 = v128.load(value, 16);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      const v2 = v128.load(value, 32);
      const v3 = v128.load(value, 48);
      b0 = fusedMultiplyAdd(v2, x, b0);
      b1 = fusedMultiplyAdd(v3, x, b1);
      const v4 = v128.load(value, 64);
      const v5 = v128.load(value, 80);
      c0 = fusedMultiplyAdd(v4, x, c0);
      c1 = fusedMultiplyAdd(v5, x, c1);
      const v6 = v128.load(value, 96);
      const v7 = v128.load(value, 112);
      d0 = fusedMultiplyAdd(v6, x, d0);
      d1 = fusedMultiplyAdd(v7, x, d1);
      value += bytes;
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
    let value = values + d;
    for (let w = weights; w < end; w += 4) {
      const x = v128.load32_splat(w);
      const v0 = v128.load(value);
      const v1 = v128.load(value, 16);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      value += bytes;
    }
    v128.store(out + d, a0);
    v128.store(out + d, a1, 16);
  }
}
