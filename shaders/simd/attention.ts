// attention: causal attention of grouped heads over a slot's keys and values.
//
// Keys lie in groups of eight positions: [position / 8, headDim, 8] f32, so that eight scores come from vector sums
// without adding across lanes. Values lie as they come: [position, headDim]. A query's sums run in the same order
// whatever is computed beside it, so batch size and number of threads change no bit.

import { exp4, fusedMultiplyAdd, maxLanes, sumLanes } from './vector';

/** Stores `count` consecutive positions of one head; k and v: `stride` bytes a token. */
export function storeKeysValues(
  k: usize, v: usize, stride: usize, count: usize,
  keys: usize, values: usize, position: usize, headDim: usize,
): void {
  for (let i: usize = 0; i < count; i++) {
    const p = position + i;
    let to = keys + (p / 8) * headDim * 32 + (p % 8) * 4;
    for (let d: usize = 0; d < headDim; d++, to += 32) store<f32>(to, load<f32>(k + d * 4));
    memory.copy(values + p * headDim * 4, v, headDim * 4);
    k += stride;
    v += stride;
  }
}

/**
 * `count` tokens from `position` on, `heads` query heads that read the same key-value head; q and out: `stride` bytes a
 * token, heads side by side. scratch: 4 · (positions rounded up to 8) f32.
 */
export function attend(
  q: usize, out: usize, stride: usize, count: usize, heads: usize,
  keys: usize, values: usize, position: usize, headDim: usize, scratch: usize,
): void {
  const queries = count * heads;
  const rowBytes = ((position + count + 7) / 8) * 32;
  const scale = f32(1.0 / sqrt(f64(headDim)));
  let n: usize = 0;
  for (; n + 4 <= queries; n += 4) {
    const o0 = offset(n, heads, stride, headDim);
    const o1 = offset(n + 1, heads, stride, headDim);
    const o2 = offset(n + 2, heads, stride, headDim);
    const o3 = offset(n + 3, heads, stride, headDim);
    const longest = position + (n + 3) / heads + 1;
    scores4(q + o0, q + o1, q + o2, q + o3, keys, longest, headDim, scratch, rowBytes);
    for (let i: usize = 0; i < 4; i++) softmax(scratch + i * rowBytes, position + (n + i) / heads + 1, longest, scale);
    mix4(scratch, rowBytes, values, longest, headDim, out + o0, out + o1, out + o2, out + o3);
  }
  for (; n < queries; n++) {
    const o = offset(n, heads, stride, headDim);
    const length = position + n / heads + 1;
    scores1(q + o, keys, length, headDim, scratch);
    softmax(scratch, length, length, scale);
    mix1(scratch, values, length, headDim, out + o);
  }
}

// @ts-ignore: decorator
@inline
function offset(query: usize, heads: usize, stride: usize, headDim: usize): usize {
  return (query / heads) * stride + (query % heads) * headDim * 4;
}

function scores4(
  q0: usize, q1: usize, q2: usize, q3: usize,
  keys: usize, length: usize, headDim: usize, scores: usize, rowBytes: usize,
): void {
  const bytes = headDim * 4;
  for (let p: usize = 0; p < length; p += 8) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const k0 = v128.load(keys);
      const k1 = v128.load(keys, 16);
      let x = v128.load32_splat(q0 + i);
      a0 = fusedMultiplyAdd(k0, x, a0);
      a1 = fusedMultiplyAdd(k1, x, a1);
      x = v128.load32_splat(q1 + i);
      b0 = fusedMultiplyAdd(k0, x, b0);
      b1 = fusedMultiplyAdd(k1, x, b1);
      x = v128.load32_splat(q2 + i);
      c0 = fusedMultiplyAdd(k0, x, c0);
      c1 = fusedMultiplyAdd(k1, x, c1);
      x = v128.load32_splat(q3 + i);
      d0 = fusedMultiplyAdd(k0, x, d0);
      d1 = fusedMultiplyAdd(k1, x, d1);
      keys += 32;
    }
    let row = scores;
    v128.store(row, a0); v128.store(row, a1, 16);
    row += rowBytes;
    v128.store(row, b0); v128.store(row, b1, 16);
    row += rowBytes;
    v128.store(row, c0); v128.store(row, c1, 16);
    row += rowBytes;
    v128.store(row, d0); v128.store(row, d1, 16);
    scores += 32;
  }
}

function scores1(q: usize, keys: usize, length: usize, headDim: usize, scores: usize): void {
  const bytes = headDim * 4;
  for (let p: usize = 0; p < length; p += 8) {
    let a0 = f32x4.splat(0), a1 = a0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const x = v128.load32_splat(q + i);
      a0 = fusedMultiplyAdd(v128.load(keys), x, a0);
      a1 = fusedMultiplyAdd(v128.load(keys, 16), x, a1);
      keys += 32;
    }
    v128.store(scores, a0); v128.store(scores, a1, 16);
    scores += 32;
  }
}

/** The first `length` scores to probabilities; from there to `padded` zeros, since the row shares a tile with longer ones. */
function softmax(scores: usize, length: usize, padded: usize, scale: f32): void {
  const end = scores + length * 4;
  const vectors = scores + ((length * 4) & ~15);
  // The last vector's unused lanes must lose every comparison and add nothing.
  for (let p = end; p < scores + ((padded + 7) & ~7) * 4; p += 4) store<f32>(p, -Infinity);
  const last = end > vectors ? vectors + 16 : vectors;
  let best = f32x4.splat(-Infinity);
  for (let p = scores; p < last; p += 16) best = f32x4.max(best, v128.load(p));
  const shift = f32x4.splat(maxLanes(best));
  const scales = f32x4.splat(scale);
  let sums = f32x4.splat(0);
  for (let p = scores; p < last; p += 16) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(p), shift), scales));
    v128.store(p, e);
    sums = f32x4.add(sums, e);
  }
  const factor = f32x4.splat(1 / sumLanes(sums));
  for (let p = scores; p < last; p += 16) v128.store(p, f32x4.mul(v128.load(p), factor));
  for (let p = end; p < scores + padded * 4; p += 4) store<f32>(p, 0);
}

function mix4(
  weights: usize, rowBytes: usize, values: usize, length: usize, headDim: usize,
  out0: usize, out1: usize, out2: usize, out3: usize,
): void {
  const bytes = headDim * 4;
  for (let d: usize = 0; d < bytes; d += 32) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    let value = values + d;
    let w0 = weights;
    let w1 = w0 + rowBytes;
    let w2 = w1 + rowBytes;
    let w3 = w2 + rowBytes;
    for (let p: usize = 0; p < length; p++) {
      const v0 = v128.load(value);
      const v1 = v128.load(value, 16);
      let x = v128.load32_splat(w0);
      a0 = fusedMultiplyAdd(v0, x, a0);
      a1 = fusedMultiplyAdd(v1, x, a1);
      x = v128.load32_splat(w1);
      b0 = fusedMultiplyAdd(v0, x, b0);
      b1 = fusedMultiplyAdd(v1, x, b1);
      x = v128.load32_splat(w2);
      c0 = fusedMultiplyAdd(v0, x, c0);
      c1 = fusedMultiplyAdd(v1, x, c1);
      x = v128.load32_splat(w3);
      d0 = fusedMultiplyAdd(v0, x, d0);
      d1 = fusedMultiplyAdd(v1, x, d1);
      value += bytes;
      w0 += 4; w1 += 4; w2 += 4; w3 += 4;
    }
    v128.store(out0 + d, a0); v128.store(out0 + d, a1, 16);
    v128.store(out1 + d, b0); v128.store(out1 + d, b1, 16);
    v128.store(out2 + d, c0); v128.store(out2 + d, c1, 16);
    v128.store(out3 + d, d0); v128.store(out3 + d, d1, 16);
  }
}

function mix1(weights: usize, values: usize, length: usize, headDim: usize, out: usize): void {
  const bytes = headDim * 4;
  for (let d: usize = 0; d < bytes; d += 32) {
    let a0 = f32x4.splat(0), a1 = a0;
    let value = values + d;
    for (let p: usize = 0; p < length; p++) {
      const x = v128.load32_splat(weights + p * 4);
      a0 = fusedMultiplyAdd(v128.load(value), x, a0);
      a1 = fusedMultiplyAdd(v128.load(value, 16), x, a1);
      value += bytes;
    }
    v128.store(out + d, a0); v128.store(out + d, a1, 16);
  }
}
