// matmul with q40 weights and q80 activations. Weights lie in groups of eight rows; of a group, block by block
// (32 columns), 144 bytes: eight f16 scales, then for each four columns j..j+3 of the block's first half two vectors,
// rows 0–3 and rows 4–7, whose byte lane row·4 + i holds column j+i in its low nibble and column 16+j+i in its high.
//
// Per block: n = Σ (nibble − 8)·x, an integer below 2^22 in magnitude. The accumulator starts at the bits of
// 1.5·2^23 minus 8·Σx, so that when the dot products are done its bits, read as a float, are 1.5·2^23 + n: the
// conversion is one subtraction, which does not compete with the dot products for their ports.

import { BLOCK_BYTES, ROWS, multiplyTokens } from './matmul-q40-tiles';
import { addDot, dot4, f16Bias, f16Mask, integerBase, lowNibbles, scaledF16x4 } from './vector';

/** Groups that matvecQ40Streams reads side by side. */
const STREAMS: usize = 8;

/**
 * out[t, row] = Σ weight[row, column] · x[t, column] for `groups`·8 rows.
 * x: per token `xStride` bytes: `blocks`·32 i8, then `blocks` f32 scales, then `blocks` i32 (bits of 1.5·2^23) − 8·Σx.
 * out: f32, `outStride` bytes a token. wide: tiles of sixteen rows, for engines with registers for them.
 * scratch: see matmul-q40-tiles.ts.
 */
export function matmulQ40(
  weight: usize, groups: usize, blocks: usize,
  x: usize, xStride: usize, tokens: usize,
  out: usize, outStride: usize, scratch: usize, wide: bool,
): void {
  if (tokens > 1) return multiplyTokens(weight, groups, blocks, x, xStride, tokens, out, outStride, scratch, wide);
  for (let group: usize = 0; group < groups; group++) {
    vector(weight + group * blocks * BLOCK_BYTES, blocks, x, out + group * ROWS * 4);
  }
}

/**
 * What matmulQ40 does for one token, to the bit, but eight groups at a time: eight streams through memory in place of
 * one. Which is faster is the memory's and the processor's business.
 */
export function matvecQ40Streams(weight: usize, groups: usize, blocks: usize, x: usize, out: usize): void {
  let group: usize = 0;
  for (; group + STREAMS <= groups; group += STREAMS) {
    vectorStreams(weight + group * blocks * BLOCK_BYTES, blocks, x, out + group * ROWS * 4);
  }
  for (; group < groups; group++) {
    vector(weight + group * blocks * BLOCK_BYTES, blocks, x, out + group * ROWS * 4);
  }
}

/** sum + the products of one block of four rows (every other vector from `weight` on) with one block of a token. */
// @ts-ignore: decorator
@inline
function addBlock(
  weight: usize, x: usize, start: v128, nibble: v128, base: v128, scales: v128, xScale: v128, sum: v128,
): v128 {
  let w = v128.load(weight);
  let dot = dot4(v128.load32_splat(x), v128.and(w, nibble), start);
  dot = dot4(v128.load32_splat(x, 16), v128.and(i16x8.shr_u(w, 4), nibble), dot);
  w = v128.load(weight, 32);
  dot = dot4(v128.load32_splat(x, 4), v128.and(w, nibble), dot);
  dot = dot4(v128.load32_splat(x, 20), v128.and(i16x8.shr_u(w, 4), nibble), dot);
  w = v128.load(weight, 64);
  dot = dot4(v128.load32_splat(x, 8), v128.and(w, nibble), dot);
  dot = dot4(v128.load32_splat(x, 24), v128.and(i16x8.shr_u(w, 4), nibble), dot);
  w = v128.load(weight, 96);
  dot = dot4(v128.load32_splat(x, 12), v128.and(w, nibble), dot);
  dot = dot4(v128.load32_splat(x, 28), v128.and(i16x8.shr_u(w, 4), nibble), dot);
  return addDot(dot, base, scales, xScale, sum);
}

// @ts-ignore: decorator
@inline
function lowScales(weight: usize, mask: v128): v128 {
  return scaledF16x4(i32x4.extend_low_i16x8_s(v128.load(weight)), mask);
}

// @ts-ignore: decorator
@inline
function highScales(weight: usize, mask: v128): v128 {
  return scaledF16x4(i32x4.extend_high_i16x8_s(v128.load(weight)), mask);
}

/** One token, STREAMS groups. */
function vectorStreams(weight: usize, blocks: usize, x: usize, out: usize): void {
  const nibble = lowNibbles();
  const base = integerBase();
  const mask = f16Mask();
  const bias = f16Bias();
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero;
  let b0 = zero, b1 = zero;
  let c0 = zero, c1 = zero;
  let d0 = zero, d1 = zero;
  let e0 = zero, e1 = zero;
  let f0 = zero, f1 = zero;
  let g0 = zero, g1 = zero;
  let h0 = zero, h1 = zero;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  const groupBytes = blocks * BLOCK_BYTES;
  for (let block: usize = 0; block < blocks; block++) {
    const start = v128.load32_splat(scale + startOffset);
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    let w = weight;
    a0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, a0);
    a1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, a1);
    w += groupBytes;
    b0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, b0);
    b1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, b1);
    w += groupBytes;
    c0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, c0);
    c1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, c1);
    w += groupBytes;
    d0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, d0);
    d1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, d1);
    w += groupBytes;
    e0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, e0);
    e1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, e1);
    w += groupBytes;
    f0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, f0);
    f1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, f1);
    w += groupBytes;
    g0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, g0);
    g1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, g1);
    w += groupBytes;
    h0 = addBlock(w + 16, x, start, nibble, base, lowScales(w, mask), xs, h0);
    h1 = addBlock(w + 32, x, start, nibble, base, highScales(w, mask), xs, h1);
    weight += BLOCK_BYTES;
    x += 32;
    scale += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
  v128.store(out, d0, 96);
  v128.store(out, d1, 112);
  v128.store(out, e0, 128);
  v128.store(out, e1, 144);
  v128.store(out, f0, 160);
  v128.store(out, f1, 176);
  v128.store(out, g0, 192);
  v128.store(out, g1, 208);
  v128.store(out, h0, 224);
  v128.store(out, h1, 240);
}

/** One token, one group. */
function vector(weight: usize, blocks: usize, x: usize, out: usize): void {
  const nibble = lowNibbles();
  const base = integerBase();
  const mask = f16Mask();
  const bias = f16Bias();
  let sum0 = f32x4.splat(0), sum1 = sum0;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  for (let block: usize = 0; block < blocks; block++) {
    const start = v128.load32_splat(scale + startOffset);
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    sum0 = addBlock(weight + 16, x, start, nibble, base, lowScales(weight, mask), xs, sum0);
    sum1 = addBlock(weight + 32, x, start, nibble, base, highScales(weight, mask), xs, sum1);
    weight += BLOCK_BYTES;
    x += 32;
    scale += 4;
  }
  v128.store(out, sum0);
  v128.store(out, sum1, 16);
}
