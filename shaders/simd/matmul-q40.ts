// matmul with q40 weights and q80 activations. Weights lie in groups of eight rows; of a group, block by block
// (32 columns), 144 bytes: eight f16 scales, then for each four columns j..j+3 of the block's first half two vectors,
// rows 0–3 and rows 4–7, whose byte lane row·4 + i holds column j+i in its low nibble and column 16+j+i in its high.
//
// Per block: n = Σ (nibble − 8)·x, an integer below 2^22 in magnitude. The accumulator starts at the bits of
// 1.5·2^23 minus 8·Σx, so that when the dot products are done its bits, read as a float, are 1.5·2^23 + n: the
// conversion is one subtraction, which does not compete with the dot products for their ports.

import { dot4, f16Bias, f16Mask, fusedMultiplyAdd, integerBase, lowNibbles, scaledF16x4 } from './vector';

const BLOCK_BYTES: usize = 144;
const ROWS: usize = 8;
/** Groups read side by side for one token: memory answers several streams faster than one. */
const STREAMS: usize = 8;

/** Blocks unpacked at a time: 64 · 8 rows · 32 bytes = 16 KB, a third of a small first-level cache. */
const CHUNK_BLOCKS: usize = 64;
/** An unpacked block is 16 vectors of nibbles and 2 of f32 scales. */
const UNPACKED_CHUNK_BYTES: usize = CHUNK_BLOCKS * 288;
/** A block of activations of four tokens. */
const PACKED_BLOCK_BYTES: usize = 160;

/**
 * out[t, row] = Σ weight[row, column] · x[t, column] for `groups`·8 rows.
 * x: per token `xStride` bytes: `blocks`·32 i8, then `blocks` f32 scales, then `blocks` i32 (bits of 1.5·2^23) − 8·Σx.
 * out: f32, `outStride` bytes a token. wide: tiles of sixteen rows, for engines with registers for them.
 * scratch: CHUNK_BLOCKS unpacked blocks, then, if wide, all the activations once more.
 */
export function matmulQ40(
  weight: usize, groups: usize, blocks: usize,
  x: usize, xStride: usize, tokens: usize,
  out: usize, outStride: usize, scratch: usize, wide: bool,
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
  let group: usize = 0;
  if (wide) {
    const packed = scratch + UNPACKED_CHUNK_BYTES;
    for (let t: usize = 0; t + 4 <= tokens; t += 4) {
      packTokens(x + t * xStride, xStride, blocks, packed + (t / 4) * blocks * PACKED_BLOCK_BYTES);
    }
    for (; group + 2 <= groups; group += 2) {
      const rows = weight + group * blocks * BLOCK_BYTES;
      const target = out + group * ROWS * 4;
      clear(target, outStride, tokens);
      clear(target + ROWS * 4, outStride, tokens);
      for (let first: usize = 0; first < blocks; first += CHUNK_BLOCKS / 2) {
        const count = min(CHUNK_BLOCKS / 2, blocks - first);
        unpack(rows + first * BLOCK_BYTES, count, scratch, 64);
        unpack(rows + (blocks + first) * BLOCK_BYTES, count, scratch + 32, 64);
        let t: usize = 0;
        for (; t + 4 <= tokens; t += 4) {
          const tokensAt = packed + ((t / 4) * blocks + first) * PACKED_BLOCK_BYTES;
          wideTile4(scratch, count, tokensAt, target + t * outStride, outStride);
        }
        for (; t < tokens; t++) {
          tile1(scratch, count, blocks, first, x + t * xStride, target + t * outStride, 64);
          tile1(scratch + 32, count, blocks, first, x + t * xStride, target + t * outStride + ROWS * 4, 64);
        }
      }
    }
  }
  for (; group < groups; group++) {
    const rows = weight + group * blocks * BLOCK_BYTES;
    const target = out + group * ROWS * 4;
    clear(target, outStride, tokens);
    for (let first: usize = 0; first < blocks; first += CHUNK_BLOCKS) {
      const count = min(CHUNK_BLOCKS, blocks - first);
      unpack(rows + first * BLOCK_BYTES, count, scratch, 32);
      let t: usize = 0;
      for (; t + 4 <= tokens; t += 4) {
        tile4(scratch, count, blocks, first, x + t * xStride, xStride, target + t * outStride, outStride);
      }
      for (; t < tokens; t++) tile1(scratch, count, blocks, first, x + t * xStride, target + t * outStride, 32);
    }
  }
}

function clear(out: usize, outStride: usize, tokens: usize): void {
  for (let t: usize = 0; t < tokens; t++, out += outStride) {
    v128.store(out, f32x4.splat(0));
    v128.store(out, f32x4.splat(0), 16);
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

/** One token, STREAMS groups. */
function vectorStreams(weight: usize, blocks: usize, x: usize, out: usize): void {
  const nibble = lowNibbles();
  const base = integerBase();
  const f16Bits = f16Mask();
  const bias = f16Bias();
  const zero = f32x4.splat(0);
  let aSum0 = zero, aSum1 = zero, bSum0 = zero, bSum1 = zero, cSum0 = zero, cSum1 = zero, dSum0 = zero, dSum1 = zero, eSum0 = zero, eSum1 = zero, fSum0 = zero, fSum1 = zero, gSum0 = zero, gSum1 = zero, hSum0 = zero, hSum1 = zero;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  const groupBytes = blocks * BLOCK_BYTES;
  let w0: v128, w1: v128, low: v128, high: v128, scales: v128;
  for (let block: usize = 0; block < blocks; block++) {
    const start = v128.load32_splat(scale + startOffset);
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    const weight1 = weight + groupBytes, weight2 = weight + 2 * groupBytes, weight3 = weight + 3 * groupBytes, weight4 = weight + 4 * groupBytes, weight5 = weight + 5 * groupBytes, weight6 = weight + 6 * groupBytes, weight7 = weight + 7 * groupBytes;
    let a0 = start, a1 = start, b0 = start, b1 = start, c0 = start, c1 = start, d0 = start, d1 = start, e0 = start, e1 = start, f0 = start, f1 = start, g0 = start, g1 = start, h0 = start, h1 = start;
    low = v128.load32_splat(x, 0);
    high = v128.load32_splat(x, 16);
    w0 = v128.load(weight, 16);
    w1 = v128.load(weight, 32);
    a0 = dot4(low, v128.and(w0, nibble), a0);
    a1 = dot4(low, v128.and(w1, nibble), a1);
    a0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), a0);
    a1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), a1);
    w0 = v128.load(weight1, 16);
    w1 = v128.load(weight1, 32);
    b0 = dot4(low, v128.and(w0, nibble), b0);
    b1 = dot4(low, v128.and(w1, nibble), b1);
    b0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), b0);
    b1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), b1);
    w0 = v128.load(weight2, 16);
    w1 = v128.load(weight2, 32);
    c0 = dot4(low, v128.and(w0, nibble), c0);
    c1 = dot4(low, v128.and(w1, nibble), c1);
    c0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), c0);
    c1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), c1);
    w0 = v128.load(weight3, 16);
    w1 = v128.load(weight3, 32);
    d0 = dot4(low, v128.and(w0, nibble), d0);
    d1 = dot4(low, v128.and(w1, nibble), d1);
    d0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), d0);
    d1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), d1);
    w0 = v128.load(weight4, 16);
    w1 = v128.load(weight4, 32);
    e0 = dot4(low, v128.and(w0, nibble), e0);
    e1 = dot4(low, v128.and(w1, nibble), e1);
    e0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), e0);
    e1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), e1);
    w0 = v128.load(weight5, 16);
    w1 = v128.load(weight5, 32);
    f0 = dot4(low, v128.and(w0, nibble), f0);
    f1 = dot4(low, v128.and(w1, nibble), f1);
    f0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), f0);
    f1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), f1);
    w0 = v128.load(weight6, 16);
    w1 = v128.load(weight6, 32);
    g0 = dot4(low, v128.and(w0, nibble), g0);
    g1 = dot4(low, v128.and(w1, nibble), g1);
    g0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), g0);
    g1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), g1);
    w0 = v128.load(weight7, 16);
    w1 = v128.load(weight7, 32);
    h0 = dot4(low, v128.and(w0, nibble), h0);
    h1 = dot4(low, v128.and(w1, nibble), h1);
    h0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), h0);
    h1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), h1);
    low = v128.load32_splat(x, 4);
    high = v128.load32_splat(x, 20);
    w0 = v128.load(weight, 48);
    w1 = v128.load(weight, 64);
    a0 = dot4(low, v128.and(w0, nibble), a0);
    a1 = dot4(low, v128.and(w1, nibble), a1);
    a0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), a0);
    a1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), a1);
    w0 = v128.load(weight1, 48);
    w1 = v128.load(weight1, 64);
    b0 = dot4(low, v128.and(w0, nibble), b0);
    b1 = dot4(low, v128.and(w1, nibble), b1);
    b0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), b0);
    b1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), b1);
    w0 = v128.load(weight2, 48);
    w1 = v128.load(weight2, 64);
    c0 = dot4(low, v128.and(w0, nibble), c0);
    c1 = dot4(low, v128.and(w1, nibble), c1);
    c0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), c0);
    c1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), c1);
    w0 = v128.load(weight3, 48);
    w1 = v128.load(weight3, 64);
    d0 = dot4(low, v128.and(w0, nibble), d0);
    d1 = dot4(low, v128.and(w1, nibble), d1);
    d0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), d0);
    d1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), d1);
    w0 = v128.load(weight4, 48);
    w1 = v128.load(weight4, 64);
    e0 = dot4(low, v128.and(w0, nibble), e0);
    e1 = dot4(low, v128.and(w1, nibble), e1);
    e0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), e0);
    e1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), e1);
    w0 = v128.load(weight5, 48);
    w1 = v128.load(weight5, 64);
    f0 = dot4(low, v128.and(w0, nibble), f0);
    f1 = dot4(low, v128.and(w1, nibble), f1);
    f0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), f0);
    f1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), f1);
    w0 = v128.load(weight6, 48);
    w1 = v128.load(weight6, 64);
    g0 = dot4(low, v128.and(w0, nibble), g0);
    g1 = dot4(low, v128.and(w1, nibble), g1);
    g0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), g0);
    g1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), g1);
    w0 = v128.load(weight7, 48);
    w1 = v128.load(weight7, 64);
    h0 = dot4(low, v128.and(w0, nibble), h0);
    h1 = dot4(low, v128.and(w1, nibble), h1);
    h0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), h0);
    h1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), h1);
    low = v128.load32_splat(x, 8);
    high = v128.load32_splat(x, 24);
    w0 = v128.load(weight, 80);
    w1 = v128.load(weight, 96);
    a0 = dot4(low, v128.and(w0, nibble), a0);
    a1 = dot4(low, v128.and(w1, nibble), a1);
    a0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), a0);
    a1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), a1);
    w0 = v128.load(weight1, 80);
    w1 = v128.load(weight1, 96);
    b0 = dot4(low, v128.and(w0, nibble), b0);
    b1 = dot4(low, v128.and(w1, nibble), b1);
    b0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), b0);
    b1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), b1);
    w0 = v128.load(weight2, 80);
    w1 = v128.load(weight2, 96);
    c0 = dot4(low, v128.and(w0, nibble), c0);
    c1 = dot4(low, v128.and(w1, nibble), c1);
    c0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), c0);
    c1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), c1);
    w0 = v128.load(weight3, 80);
    w1 = v128.load(weight3, 96);
    d0 = dot4(low, v128.and(w0, nibble), d0);
    d1 = dot4(low, v128.and(w1, nibble), d1);
    d0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), d0);
    d1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), d1);
    w0 = v128.load(weight4, 80);
    w1 = v128.load(weight4, 96);
    e0 = dot4(low, v128.and(w0, nibble), e0);
    e1 = dot4(low, v128.and(w1, nibble), e1);
    e0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), e0);
    e1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), e1);
    w0 = v128.load(weight5, 80);
    w1 = v128.load(weight5, 96);
    f0 = dot4(low, v128.and(w0, nibble), f0);
    f1 = dot4(low, v128.and(w1, nibble), f1);
    f0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), f0);
    f1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), f1);
    w0 = v128.load(weight6, 80);
    w1 = v128.load(weight6, 96);
    g0 = dot4(low, v128.and(w0, nibble), g0);
    g1 = dot4(low, v128.and(w1, nibble), g1);
    g0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), g0);
    g1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), g1);
    w0 = v128.load(weight7, 80);
    w1 = v128.load(weight7, 96);
    h0 = dot4(low, v128.and(w0, nibble), h0);
    h1 = dot4(low, v128.and(w1, nibble), h1);
    h0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), h0);
    h1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), h1);
    low = v128.load32_splat(x, 12);
    high = v128.load32_splat(x, 28);
    w0 = v128.load(weight, 112);
    w1 = v128.load(weight, 128);
    a0 = dot4(low, v128.and(w0, nibble), a0);
    a1 = dot4(low, v128.and(w1, nibble), a1);
    a0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), a0);
    a1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), a1);
    w0 = v128.load(weight1, 112);
    w1 = v128.load(weight1, 128);
    b0 = dot4(low, v128.and(w0, nibble), b0);
    b1 = dot4(low, v128.and(w1, nibble), b1);
    b0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), b0);
    b1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), b1);
    w0 = v128.load(weight2, 112);
    w1 = v128.load(weight2, 128);
    c0 = dot4(low, v128.and(w0, nibble), c0);
    c1 = dot4(low, v128.and(w1, nibble), c1);
    c0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), c0);
    c1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), c1);
    w0 = v128.load(weight3, 112);
    w1 = v128.load(weight3, 128);
    d0 = dot4(low, v128.and(w0, nibble), d0);
    d1 = dot4(low, v128.and(w1, nibble), d1);
    d0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), d0);
    d1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), d1);
    w0 = v128.load(weight4, 112);
    w1 = v128.load(weight4, 128);
    e0 = dot4(low, v128.and(w0, nibble), e0);
    e1 = dot4(low, v128.and(w1, nibble), e1);
    e0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), e0);
    e1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), e1);
    w0 = v128.load(weight5, 112);
    w1 = v128.load(weight5, 128);
    f0 = dot4(low, v128.and(w0, nibble), f0);
    f1 = dot4(low, v128.and(w1, nibble), f1);
    f0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), f0);
    f1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), f1);
    w0 = v128.load(weight6, 112);
    w1 = v128.load(weight6, 128);
    g0 = dot4(low, v128.and(w0, nibble), g0);
    g1 = dot4(low, v128.and(w1, nibble), g1);
    g0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), g0);
    g1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), g1);
    w0 = v128.load(weight7, 112);
    w1 = v128.load(weight7, 128);
    h0 = dot4(low, v128.and(w0, nibble), h0);
    h1 = dot4(low, v128.and(w1, nibble), h1);
    h0 = dot4(high, v128.and(i16x8.shr_u(w0, 4), nibble), h0);
    h1 = dot4(high, v128.and(i16x8.shr_u(w1, 4), nibble), h1);
    scales = v128.load(weight);
    aSum0 = scaledBy(a0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, aSum0);
    aSum1 = scaledBy(a1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, aSum1);
    scales = v128.load(weight1);
    bSum0 = scaledBy(b0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, bSum0);
    bSum1 = scaledBy(b1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, bSum1);
    scales = v128.load(weight2);
    cSum0 = scaledBy(c0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, cSum0);
    cSum1 = scaledBy(c1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, cSum1);
    scales = v128.load(weight3);
    dSum0 = scaledBy(d0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, dSum0);
    dSum1 = scaledBy(d1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, dSum1);
    scales = v128.load(weight4);
    eSum0 = scaledBy(e0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, eSum0);
    eSum1 = scaledBy(e1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, eSum1);
    scales = v128.load(weight5);
    fSum0 = scaledBy(f0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, fSum0);
    fSum1 = scaledBy(f1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, fSum1);
    scales = v128.load(weight6);
    gSum0 = scaledBy(g0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, gSum0);
    gSum1 = scaledBy(g1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, gSum1);
    scales = v128.load(weight7);
    hSum0 = scaledBy(h0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), xs, hSum0);
    hSum1 = scaledBy(h1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), xs, hSum1);
    weight += BLOCK_BYTES;
    x += 32;
    scale += 4;
  }
  v128.store(out, aSum0, 0);
  v128.store(out, aSum1, 16);
  v128.store(out, bSum0, 32);
  v128.store(out, bSum1, 48);
  v128.store(out, cSum0, 64);
  v128.store(out, cSum1, 80);
  v128.store(out, dSum0, 96);
  v128.store(out, dSum1, 112);
  v128.store(out, eSum0, 128);
  v128.store(out, eSum1, 144);
  v128.store(out, fSum0, 160);
  v128.store(out, fSum1, 176);
  v128.store(out, gSum0, 192);
  v128.store(out, gSum1, 208);
  v128.store(out, hSum0, 224);
  v128.store(out, hSum1, 240);
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

/**
 * `count` blocks to 16 vectors (columns j..j+3 for rows 0–3 and 4–7, j = 0, 4, …, 28) and 2 of scales each, in pairs
 * `step` bytes apart.
 */
function unpack(weight: usize, count: usize, to: usize, step: usize): void {
  const nibble = lowNibbles();
  const f16Bits = f16Mask();
  const bias = f16Bias();
  for (let block: usize = 0; block < count; block++) {
    for (let j: usize = 0; j < 4; j++) {
      const w0 = v128.load(weight + j * 32, 16);
      const w1 = v128.load(weight + j * 32, 32);
      const low = to + j * step;
      const high = low + 4 * step;
      v128.store(low, v128.and(w0, nibble));
      v128.store(low, v128.and(w1, nibble), 16);
      v128.store(high, v128.and(i16x8.shr_u(w0, 4), nibble));
      v128.store(high, v128.and(i16x8.shr_u(w1, 4), nibble), 16);
    }
    const scales = v128.load(weight);
    to += 8 * step;
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_low_i16x8_s(scales), f16Bits), bias));
    v128.store(to, f32x4.mul(scaledF16x4(i32x4.extend_high_i16x8_s(scales), f16Bits), bias), 16);
    weight += BLOCK_BYTES;
    to += step;
  }
}

/** out[0..7] += dots · scales · the token's scale. Both halves are read before either is written, see index.ts. */
// @ts-ignore: decorator
@inline
function addScaled(out: usize, dot0: v128, dot1: v128, base: v128, scales0: v128, scales1: v128, xScale: usize): void {
  const xs = v128.load32_splat(xScale);
  const sum0 = v128.load(out);
  const sum1 = v128.load(out, 16);
  v128.store(out, scaledBy(dot0, base, scales0, xs, sum0));
  v128.store(out, scaledBy(dot1, base, scales1, xs, sum1), 16);
}

// @ts-ignore: decorator
@inline
function scaledBy(dot: v128, base: v128, scales: v128, xScale: v128, sum: v128): v128 {
  return fusedMultiplyAdd(f32x4.sub(dot, base), f32x4.mul(scales, xScale), sum);
}

/** Adds the products of four tokens with unpacked rows to `out`. */
function tile4(
  weight: usize, count: usize, blocks: usize, first: usize,
  x: usize, xStride: usize, out: usize, outStride: usize,
): void {
  const base = integerBase();
  const startOffset = blocks * 4;
  const x2Stride = xStride * 2, x3Stride = xStride * 3;
  let x0 = x + first * 32;
  let scale = x + blocks * 32 + first * 4;
  const out1 = out + outStride, out2 = out1 + outStride, out3 = out2 + outStride;
  let w0: v128, w1: v128, v: v128;
  for (let block: usize = 0; block < count; block++) {
    let a0 = v128.load32_splat(scale + startOffset), b0 = a0;
    let a1 = v128.load32_splat(scale + startOffset + xStride), b1 = a1;
    let a2 = v128.load32_splat(scale + startOffset + x2Stride), b2 = a2;
    let a3 = v128.load32_splat(scale + startOffset + x3Stride), b3 = a3;
    for (const end = x0 + 32; x0 < end; x0 += 4) {
      const x1 = x0 + xStride, x2 = x0 + x2Stride, x3 = x0 + x3Stride;
      w0 = v128.load(weight, 0);
      w1 = v128.load(weight, 16);
      v = v128.load32_splat(x0, 0);
      a0 = dot4(v, w0, a0);
      b0 = dot4(v, w1, b0);
      v = v128.load32_splat(x1, 0);
      a1 = dot4(v, w0, a1);
      b1 = dot4(v, w1, b1);
      v = v128.load32_splat(x2, 0);
      a2 = dot4(v, w0, a2);
      b2 = dot4(v, w1, b2);
      v = v128.load32_splat(x3, 0);
      a3 = dot4(v, w0, a3);
      b3 = dot4(v, w1, b3);
      weight += 32;
    }
    const c0 = v128.load(weight);
    const c1 = v128.load(weight, 16);
    addScaled(out, a0, b0, base, c0, c1, scale);
    addScaled(out1, a1, b1, base, c0, c1, scale + xStride);
    addScaled(out2, a2, b2, base, c0, c1, scale + x2Stride);
    addScaled(out3, a3, b3, base, c0, c1, scale + x3Stride);
    weight += 32;
    scale += 4;
  }
}

/** Sixteen unpacked rows times four packed tokens, added to `out`. */
function wideTile4(weight: usize, count: usize, x: usize, out: usize, outStride: usize): void {
  const base = integerBase();
  const out1 = out + outStride, out2 = out1 + outStride, out3 = out2 + outStride;
  let w0: v128, w1: v128, w2: v128, w3: v128, v: v128;
  for (let block: usize = 0; block < count; block++) {
    let a0 = v128.load32_splat(x, 144), b0 = a0, c0 = a0, d0 = a0;
    let a1 = v128.load32_splat(x, 148), b1 = a1, c1 = a1, d1 = a1;
    let a2 = v128.load32_splat(x, 152), b2 = a2, c2 = a2, d2 = a2;
    let a3 = v128.load32_splat(x, 156), b3 = a3, c3 = a3, d3 = a3;
    for (const end = x + 128; x < end; x += 16) {
      w0 = v128.load(weight, 0);
      w1 = v128.load(weight, 16);
      w2 = v128.load(weight, 32);
      w3 = v128.load(weight, 48);
      v = v128.load32_splat(x, 0);
      a0 = dot4(v, w0, a0);
      b0 = dot4(v, w1, b0);
      c0 = dot4(v, w2, c0);
      d0 = dot4(v, w3, d0);
      v = v128.load32_splat(x, 4);
      a1 = dot4(v, w0, a1);
      b1 = dot4(v, w1, b1);
      c1 = dot4(v, w2, c1);
      d1 = dot4(v, w3, d1);
      v = v128.load32_splat(x, 8);
      a2 = dot4(v, w0, a2);
      b2 = dot4(v, w1, b2);
      c2 = dot4(v, w2, c2);
      d2 = dot4(v, w3, d2);
      v = v128.load32_splat(x, 12);
      a3 = dot4(v, w0, a3);
      b3 = dot4(v, w1, b3);
      c3 = dot4(v, w2, c3);
      d3 = dot4(v, w3, d3);
      weight += 64;
    }
    const scale = x;
    w0 = v128.load(weight);
    w1 = v128.load(weight, 16);
    w2 = v128.load(weight, 32);
    w3 = v128.load(weight, 48);
    addScaled(out, a0, b0, base, w0, w1, scale);
    addScaled(out + 32, c0, d0, base, w2, w3, scale);
    addScaled(out1, a1, b1, base, w0, w1, scale + 4);
    addScaled(out1 + 32, c1, d1, base, w2, w3, scale + 4);
    addScaled(out2, a2, b2, base, w0, w1, scale + 8);
    addScaled(out2 + 32, c2, d2, base, w2, w3, scale + 8);
    addScaled(out3, a3, b3, base, w0, w1, scale + 12);
    addScaled(out3 + 32, c3, d3, base, w2, w3, scale + 12);
    weight += 64;
    x += 32;
  }
}

/**
 * Activations of four tokens side by side, so that a tile reads them from one place: per block, for each four columns
 * the four tokens' words, then their scales, then their starts. 160 bytes a block.
 */
function packTokens(x: usize, xStride: usize, blocks: usize, to: usize): void {
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  const x2 = xStride * 2, x3 = xStride * 3;
  for (let block: usize = 0; block < blocks; block++) {
    for (let j: usize = 0; j < 8; j++) {
      store<u32>(to, load<u32>(x));
      store<u32>(to, load<u32>(x + xStride), 4);
      store<u32>(to, load<u32>(x + x2), 8);
      store<u32>(to, load<u32>(x + x3), 12);
      x += 4;
      to += 16;
    }
    const start = scale + startOffset;
    store<u32>(to, load<u32>(scale));
    store<u32>(to, load<u32>(scale + xStride), 4);
    store<u32>(to, load<u32>(scale + x2), 8);
    store<u32>(to, load<u32>(scale + x3), 12);
    store<u32>(to, load<u32>(start), 16);
    store<u32>(to, load<u32>(start + xStride), 20);
    store<u32>(to, load<u32>(start + x2), 24);
    store<u32>(to, load<u32>(start + x3), 28);
    scale += 4;
    to += 32;
  }
}

function tile1(weight: usize, count: usize, blocks: usize, first: usize, x: usize, out: usize, step: usize): void {
  const base = integerBase();
  let x0 = x + first * 32;
  let scale = x + blocks * 32 + first * 4;
  const startOffset = blocks * 4;
  for (let block: usize = 0; block < count; block++) {
    let a0 = v128.load32_splat(scale + startOffset);
    let a1 = a0;
    for (let end = x0 + 32; x0 < end; x0 += 4) {
      const v = v128.load32_splat(x0);
      const w0 = v128.load(weight);
      const w1 = v128.load(weight, 16);
      a0 = dot4(v, w0, a0);
      a1 = dot4(v, w1, a1);
      weight += step;
    }
    const c0 = v128.load(weight);
    const c1 = v128.load(weight, 16);
    addScaled(out, a0, a1, base, c0, c1, scale);
    weight += step;
    scale += 4;
  }
}
