// matmul-q40 for several tokens. A group's nibbles and scales are unpacked once, a chunk of blocks at a time, and then
// multiplied with all tokens, four at a time: a tile of eight or sixteen rows by four tokens stays in registers.

import { addDot, dot4, f16Bias, f16Mask, integerBase, lowNibbles, scaledF16x4 } from './vector';

export const BLOCK_BYTES: usize = 144;
export const ROWS: usize = 8;

/** Blocks unpacked at a time: 64 · 8 rows · 32 bytes = 16 KB, a third of a small first-level cache. */
const CHUNK_BLOCKS: usize = 64;
/** An unpacked block is 16 vectors of nibbles and 2 of f32 scales. */
const UNPACKED_CHUNK_BYTES: usize = CHUNK_BLOCKS * 288;
/** A block of activations of four tokens. */
const PACKED_BLOCK_BYTES: usize = 160;

/** As matmulQ40. scratch: CHUNK_BLOCKS unpacked blocks, then, if wide, all the activations once more. */
export function multiplyTokens(
  weight: usize, groups: usize, blocks: usize,
  x: usize, xStride: usize, tokens: usize,
  out: usize, outStride: usize, scratch: usize, wide: bool,
): void {
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
  v128.store(out, addDot(dot0, base, scales0, xs, sum0));
  v128.store(out, addDot(dot1, base, scales1, xs, sum1), 16);
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
