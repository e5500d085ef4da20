// attention: causal attention of grouped heads over a slot's keys and values.
//
// A slot's keys and values are f16 and lie in groups of sixteen positions, all heads of a group side by side, so that one
// token's attention reads one long stream. Keys of a head: [position / 16, heads, headDim, 16], so that sixteen scores come
// from vector sums without adding across lanes. Values: [position / 16, heads, headDim / 16, 16 positions, 16 columns],
// so that what is added up together lies together; of a head's last columns there may be eight only. `groupBytes` lie between a
// head's groups. A query's sums run in the same order whatever is computed beside it, so batch size and number of threads
// change no bit.
//
// Keys and values are read as f32 · 2^−112 (see scaledF16x4). So that products are what they should be, queries and
// probabilities are taken times 2^112: none is so large that it would overflow.

import { mix1, mix4, mixAll } from './attention-mix';
import { scores1, scores4, scoresAll } from './attention-scores';
import { exp4, f16Bias, f16x8, maxLanes, sumLanes } from './vector';

/** Stores `count` consecutive positions of all heads; k and v: `stride` bytes a token, heads side by side. */
export function storeKeysValues(
  k: usize, v: usize, stride: usize, count: usize, heads: usize,
  keys: usize, values: usize, position: usize, headDim: usize,
): void {
  for (const end = position + count; position < end; position++, k += stride, v += stride) {
    const lane = position % 16;
    for (let head: usize = 0; head < heads; head++) {
      const group = ((position / 16) * heads + head) * headDim * 32;
      const from = head * headDim * 4;
      let key = keys + group + lane * 2;
      for (let d: usize = 0; d < headDim; d += 8, key += 256) {
        const halves = f16x8(k + from + d * 4);
        v128.store_lane<i16>(key, halves, 0);
        v128.store_lane<i16>(key, halves, 1, 32);
        v128.store_lane<i16>(key, halves, 2, 64);
        v128.store_lane<i16>(key, halves, 3, 96);
        v128.store_lane<i16>(key, halves, 4, 128);
        v128.store_lane<i16>(key, halves, 5, 160);
        v128.store_lane<i16>(key, halves, 6, 192);
        v128.store_lane<i16>(key, halves, 7, 224);
        const block = values + group + (d / 16) * 512;
        const rowBytes: usize = (d & ~15) + 16 <= headDim ? 32 : 16;
        v128.store(block + lane * rowBytes + (d & 15) * 2, f16x8(v + from + d * 4));
      }
    }
  }
}

/**
 * One token at `position`, of all heads: `each` query heads of every key-value head, but `first` of the first one and, if
 * there are several, `last` of the last; q and out: heads side by side. Keys and values are read from end to end.
 * scratch: queries · (headDim + positions rounded up to 16) f32.
 */
export function attendAll(
  q: usize, out: usize, heads: usize, first: usize, each: usize, last: usize,
  keys: usize, values: usize, position: usize, headDim: usize, scratch: usize,
): void {
  const length = position + 1;
  const queries = heads == 1 ? first : first + (heads - 2) * each + last;
  const rowBytes = ((length + 15) / 16) * 64;
  const scale = f32(1.0 / sqrt(f64(headDim)));
  const scores = scaleQuery(q, scratch, queries * headDim);
  scoresAll(scratch, keys, length, heads, first, each, last, headDim, scores, rowBytes);
  for (let n: usize = 0; n < queries; n++) softmax(scores + n * rowBytes, length, length, scale);
  mixAll(scores, rowBytes, values, length, heads, first, each, last, headDim, out);
}

/**
 * `count` tokens from `position` on, `heads` query heads that read the same key-value head; q and out: `stride` bytes a
 * token, heads side by side. scratch: 4 · (headDim + positions rounded up to 16) f32.
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
    let scores = scaleQuery(q + o0, scratch, headDim);
    scores = scaleQuery(q + o1, scores, headDim);
    scores = scaleQuery(q + o2, scores, headDim);
    scores = scaleQuery(q + o3, scores, headDim);
    const longest = position + (n + 3) / heads + 1;
    scores4(scratch, keys, longest, headDim, groupBytes, scores, rowBytes);
    for (let i: usize = 0; i < 4; i++) softmax(scores + i * rowBytes, position + (n + i) / heads + 1, longest, scale);
    mix4(scores, rowBytes, values, longest, headDim, groupBytes, false, out + o0, out + o1, out + o2, out + o3);
  }
  for (; n < queries; n++) {
    const o = offset(n, heads, stride, headDim);
    const length = position + n / heads + 1;
    const scores = scaleQuery(q + o, scratch, headDim);
    scores1(scratch, keys, length, headDim, groupBytes, scores);
    softmax(scores, length, length, scale);
    mix1(scores, values, length, headDim, groupBytes, false, 0, out + o);
  }
}

/** Copies `count` numbers times 2^112, and returns where the copy ends. */
function scaleQuery(from: usize, to: usize, count: usize): usize {
  const bias = f16Bias();
  for (const end = to + count * 4; to < end; from += 32, to += 32) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    v128.store(to, f32x4.mul(a, bias));
    v128.store(to, f32x4.mul(b, bias), 16);
  }
  return to;
}

// @ts-ignore: decorator
@inline
function offset(query: usize, heads: usize, stride: usize, headDim: usize): usize {
  return (query / heads) * stride + (query % heads) * headDim * 4;
}

/** The first `length` scores to probabilities · 2^112; from there to `padded` zeros, since the row shares a tile with longer ones. */
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
  const factor = f32x4.mul(f16Bias(), f32x4.splat(1 / sumLanes(f32x4.add(sum0, sum1))));
  for (let p = scores; p < last; p += 32) {
    const e0 = v128.load(p);
    const e1 = v128.load(p, 16);
    v128.store(p, f32x4.mul(e0, factor));
    v128.store(p, f32x4.mul(e1, factor), 16);
  }
  for (let p = end; p < scores + padded * 4; p += 4) store<f32>(p, 0);
}
