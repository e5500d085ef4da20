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
  return scaledBy(dot, base, scales, xScale, sum);
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
