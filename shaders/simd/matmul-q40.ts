// matmul with q40 weights and q80 activations. Weights lie in groups of eight rows; of a group, block by block
// (32 columns), 144 bytes: eight f16 scales, then for each four columns j..j+3 of the block's first half two vectors,
// rows 0–3 and rows 4–7, whose byte lane row·4 + i holds column j+i in its low nibble and column 16+j+i in its high.
//
// Per block: n = Σ (nibble − 8)·x, an integer below 2^22 in magnitude. The accumulator starts at the bits of
// 1.5·2^23 (MAGIC) minus 8·Σx, so that when the dot products are done its bits, read as a float, are 1.5·2^23 + n: the
// conversion is one subtraction, which does not compete with the dot products for their ports.

import { dot4, f16Bias, f16Mask, fusedMultiplyAdd, integerBase, lowNibbles, scaledF16x4 } from './vector';

const BLOCK_BYTES: usize = 144;
const ROWS: usize = 8;
const STREAMS: usize = 4;

/** 1.5·2^23 as a float. */
// @ts-ignore: decorator
@inline const MAGIC: f32 = 12582912.0;

/** Blocks unpacked at a time: 64 · 8 rows · 32 bytes = 16 KB, a third of a small first-level cache. */
const CHUNK_BLOCKS: usize = 64;
/** Of an unpacked block: 16 vectors of nibbles and 2 of f32 scales. */
const UNPACKED_BYTES: usize = 288;

/**
 * out[t, row] = Σ weight[row, column] · x[t, column] for `groups`·8 rows.
 * x: per token `xStride` bytes: `blocks`·32 i8, then `blocks` f32 scales, then `blocks` i32 (bits of 1.5·2^23) − 8·Σx.
 * out: f32, `outStride` bytes a token. scratch: CHUNK_BLOCKS · UNPACKED_BYTES.
 */
export function matmulQ40(
  weight: usize, groups: usize, blocks: usize,
  x: usize, xStride: usize, tokens: usize,
  out: usize, outStride: usize, scratch: usize,
): void {
  if (tokens == 1) {
    let group: usize = 0;
    for (; group + STREAMS <= groups; group += STREAMS) {
      vectorStreams(weight + group * blocks * BLOCK_BYTES, blocks, x, out + group * ROWS * 4);
    }
    for (; group < groups; group++) {
      vector(weight + group * blocks * BLOCK_BYTES, blocks, x, out + group * ROWS * 4);
    }
    return;
  }
  for (let group: usize = 0; group < groups; group++) {
    const rows = weight + group * blocks * BLOCK_BYTES;
    const target = out + group * ROWS * 4;
    for (let first: usize = 0; first < blocks; first += CHUNK_BLOCKS) {
      const count = min(CHUNK_BLOCKS, blocks - first);
      unpack(rows + first * BLOCK_BYTES, count, scratch);
      let t: usize = 0;
      for (; t + 4 <= tokens; t += 4) {
        tile4(scratch, count, blocks, first, x + t * xStride, xStride, target + t * outStride, outStride);
      }
      for (; t < tokens; t++) tile1(scratch, count, blocks, first, x + t * xStride, target + t * outStride);
    }
  }
}

/** start + the dot products of four rows (every other vector from `weight` on) with one block of x. */
// @ts-ignore: decorator
@inline
function blockDot(weight: usize, x: usize, start: v128, low: v128): v128 {
  let w = v128.load(weight);
  start = dot4(v128.load32_splat(x), v128.and(w, low), start);
  start = dot4(v128.load32_splat(x, 16), v128.and(i16x8.shr_u(w, 4), low), start);
  w = v128.load(weight, 32);
  start = dot4(v128.load32_splat(x, 4), v128.and(w, low), start);
  start = dot4(v128.load32_splat(x, 20), v128.and(i16x8.shr_u(w, 4), low), start);
  w = v128.load(weight, 64);
  start = dot4(v128.load32_splat(x, 8), v128.and(w, low), start);
  start = dot4(v128.load32_splat(x, 24), v128.and(i16x8.shr_u(w, 4), low), start);
  w = v128.load(weight, 96);
  start = dot4(v128.load32_splat(x, 12), v128.and(w, low), start);
  return dot4(v128.load32_splat(x, 28), v128.and(i16x8.shr_u(w, 4), low), start);
}

/** One token, `STREAMS` groups: they are read side by side, since memory answers several streams faster than one. */
function vectorStreams(weight: usize, blocks: usize, x: usize, out: usize): void {
  const low = lowNibbles();
  const base = integerBase();
  const f16Bits = f16Mask();
  const bias = f16Bias();
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  const groupBytes = blocks * BLOCK_BYTES;
  for (let block: usize = 0; block < blocks; block++) {
    const start = v128.load32_splat(scale + startOffset);
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    let w = weight;
    let s = v128.load(w);
    a0 = scaledBy(blockDot(w + 16, x, start, low), base, scaledF16x4(i32x4.extend_low_i16x8_s(s), f16Bits), xs, a0);
    a1 = scaledBy(blockDot(w + 32, x, start, low), base, scaledF16x4(i32x4.extend_high_i16x8_s(s), f16Bits), xs, a1);
    w += groupBytes;
    s = v128.load(w);
    b0 = scaledBy(blockDot(w + 16, x, start, low), base, scaledF16x4(i32x4.extend_low_i16x8_s(s), f16Bits), xs, b0);
    b1 = scaledBy(blockDot(w + 32, x, start, low), base, scaledF16x4(i32x4.extend_high_i16x8_s(s), f16Bits), xs, b1);
    w += groupBytes;
    s = v128.load(w);
    c0 = scaledBy(blockDot(w + 16, x, start, low), base, scaledF16x4(i32x4.extend_low_i16x8_s(s), f16Bits), xs, c0);
    c1 = scaledBy(blockDot(w + 32, x, start, low), base, scaledF16x4(i32x4.extend_high_i16x8_s(s), f16Bits), xs, c1);
    w += groupBytes;
    s = v128.load(w);
    d0 = scaledBy(blockDot(w + 16, x, start, low), base, scaledF16x4(i32x4.extend_low_i16x8_s(s), f16Bits), xs, d0);
    d1 = scaledBy(blockDot(w + 32, x, start, low), base, scaledF16x4(i32x4.extend_high_i16x8_s(s), f16Bits), xs, d1);
    weight += BLOCK_BYTES;
    x += 32;
    scale += 4;
  }
  v128.store(out, a0); v128.store(out, a1, 16);
  v128.store(out, b0, 32); v128.store(out, b1, 48);
  v128.store(out, c0, 64); v128.store(out, c1, 80);
  v128.store(out, d0, 96); v128.store(out, d1, 112);
}

function vector(weight: usize, blocks: usize, x: usize, out: usize): void {
  const low = lowNibbles();
  const base = integerBase();
  const f16Bits = f16Mask();
  const bias = f16Bias();
  let sum0 = f32x4.splat(0), sum1 = sum0;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  for (let block: usize = 0; block < blocks; block++) {
    const start = v128.load32_splat(scale + startOffset);
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    const s = v128.load(weight);
    sum0 = scaledBy(blockDot(weight + 16, x, start, low), base, scaledF16x4(i32x4.extend_low_i16x8_s(s), f16Bits), xs, sum0);
    sum1 = scaledBy(blockDot(weight + 32, x, start, low), base, scaledF16x4(i32x4.extend_high_i16x8_s(s), f16Bits), xs, sum1);
    weight += BLOCK_BYTES;
    x += 32;
    scale += 4;
  }
  v128.store(out, sum0);
  v128.store(out, sum1, 16);
}

/** `count` blocks to 16 vectors (columns j..j+3 for rows 0–3 and 4–7, j = 0, 4, …, 28) and 2 of scales each. */
function unpack(weight: usize, count: usize, to: usize): void {
  const nibble = lowNibbles();
  const f16Bits = f16Mask();
  const bias = f16Bias();
  for (let block: usize = 0; block < count; block++) {
    for (let j: usize = 0; j < 128; j += 16) {
      const w = v128.load(weight + j, 16);
      v128.store(to + j, v128.and(w, nibble));
      v128.store(to + j, v128.and(i16x8.shr_u(w, 4), nibble), 128);
    }
    const scales = v128.load(weight);
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), bias), 256);
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), bias), 272);
    weight += BLOCK_BYTES;
    to += UNPACKED_BYTES;
  }
}

// @ts-ignore: decorator
@inline
function scaled(dot: v128, base: v128, scales: v128, xScale: usize, sum: v128): v128 {
  return scaledBy(dot, base, scales, v128.load32_splat(xScale), sum);
}

// @ts-ignore: decorator
@inline
function scaledBy(dot: v128, base: v128, scales: v128, xScale: v128, sum: v128): v128 {
  return fusedMultiplyAdd(f32x4.sub(dot, base), f32x4.mul(scales, xScale), sum);
}

/** Four tokens of unpacked rows; adds to `out` unless the chunk is the row's first. */
function tile4(
  weight: usize, count: usize, blocks: usize, first: usize,
  x: usize, xStride: usize, out: usize, outStride: usize,
): void {
  let x0 = x + first * 32;
  const scaleOffset = (blocks - first) * 32 + first * 4;
  const startOffset = blocks * 4;
  let s0 = x0 + scaleOffset;
  const x2Stride = xStride * 2;
  const x3Stride = xStride * 3;
  const base = integerBase();
  const out1 = out + outStride;
  const out2 = out1 + outStride;
  const out3 = out2 + outStride;
  let zero = f32x4.splat(0);
  if (first == 0) {
    v128.store(out, zero); v128.store(out, zero, 16);
    v128.store(out1, zero); v128.store(out1, zero, 16);
    v128.store(out2, zero); v128.store(out2, zero, 16);
    v128.store(out3, zero); v128.store(out3, zero, 16);
  }
  for (let block: usize = 0; block < count; block++) {
    let a0 = v128.load32_splat(s0 + startOffset);
    let a1 = v128.load32_splat(s0 + startOffset + xStride);
    let a2 = v128.load32_splat(s0 + startOffset + x2Stride);
    let a3 = v128.load32_splat(s0 + startOffset + x3Stride);
    let b0 = a0;
    let b1 = a1;
    let b2 = a2;
    let b3 = a3;
    for (let end = x0 + 32; x0 < end; x0 += 4) {
      const w0 = v128.load(weight);
      const w1 = v128.load(weight, 16);
      let v = v128.load32_splat(x0);
      a0 = dot4(v, w0, a0);
      b0 = dot4(v, w1, b0);
      v = v128.load32_splat(x0 + xStride);
      a1 = dot4(v, w0, a1);
      b1 = dot4(v, w1, b1);
      v = v128.load32_splat(x0 + x2Stride);
      a2 = dot4(v, w0, a2);
      b2 = dot4(v, w1, b2);
      v = v128.load32_splat(x0 + x3Stride);
      a3 = dot4(v, w0, a3);
      b3 = dot4(v, w1, b3);
      weight += 32;
    }
    const c0 = v128.load(weight);
    const c1 = v128.load(weight, 16);
    v128.store(out, scaled(a0, base, c0, s0, v128.load(out)));
    v128.store(out, scaled(b0, base, c1, s0, v128.load(out, 16)), 16);
    v128.store(out1, scaled(a1, base, c0, s0 + xStride, v128.load(out1)));
    v128.store(out1, scaled(b1, base, c1, s0 + xStride, v128.load(out1, 16)), 16);
    v128.store(out2, scaled(a2, base, c0, s0 + x2Stride, v128.load(out2)));
    v128.store(out2, scaled(b2, base, c1, s0 + x2Stride, v128.load(out2, 16)), 16);
    v128.store(out3, scaled(a3, base, c0, s0 + x3Stride, v128.load(out3)));
    v128.store(out3, scaled(b3, base, c1, s0 + x3Stride, v128.load(out3, 16)), 16);
    weight += 32;
    s0 += 4;
  }
}

function tile1(weight: usize, count: usize, blocks: usize, first: usize, x: usize, out: usize): void {
  let x0 = x + first * 32;
  let scale = x + blocks * 32 + first * 4;
  const startOffset = blocks * 4;
  const base = integerBase();
  let sum0 = first ? v128.load(out) : f32x4.splat(0);
  let sum1 = first ? v128.load(out, 16) : f32x4.splat(0);
  for (let block: usize = 0; block < count; block++) {
    let a0 = v128.load32_splat(scale + startOffset);
    let a1 = a0;
    for (let end = x0 + 32; x0 < end; x0 += 4) {
      const v = v128.load32_splat(x0);
      a0 = dot4(v, v128.load(weight), a0);
      a1 = dot4(v, v128.load(weight, 16), a1);
      weight += 32;
    }
    sum0 = scaled(a0, base, v128.load(weight), scale, sum0);
    sum1 = scaled(a1, base, v128.load(weight, 16), scale, sum1);
    weight += 32;
    scale += 4;
  }
  v128.store(out, sum0);
  v128.store(out, sum1, 16);
}
