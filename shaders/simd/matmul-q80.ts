// matmul with q80 weights and q80 activations. Weights lie in groups of eight rows; of a group, block by block, 272
// bytes: eight f16 scales, then for each four columns two vectors, rows 0–3 and rows 4–7, byte lane row·4 + i holding
// column j+i plus 128.
//
// The dot product instruction takes one operand of at most seven bits, so a byte enters as two nibbles:
// Σ w·x = 16·Σ high·x + Σ low·x − 128·Σ x. See matmul-q40 for the accumulator's start.

import { addDot, dot4, f16Bias, f16Mask, integerBase, lowNibbles, scaledF16x4 } from './vector';

const BLOCK_BYTES: usize = 272;
const ROWS: usize = 8;

/** Arguments as in matmulQ40, without scratch. */
export function matmulQ80(
  weight: usize, groups: usize, blocks: usize,
  x: usize, xStride: usize, tokens: usize, out: usize, outStride: usize,
): void {
  for (let group: usize = 0; group < groups; group++) {
    let t: usize = 0;
    for (; t + 2 <= tokens; t += 2) tile2(weight, blocks, x + t * xStride, xStride, out + t * outStride, outStride);
    if (t < tokens) tile1(weight, blocks, x + t * xStride, out + t * outStride);
    weight += blocks * BLOCK_BYTES;
    out += ROWS * 4;
  }
}

function tile1(weight: usize, blocks: usize, x: usize, out: usize): void {
  const nibble = lowNibbles();
  const base = integerBase();
  const mask = f16Mask();
  const bias = f16Bias();
  let sum0 = f32x4.splat(0), sum1 = sum0;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  for (let block: usize = 0; block < blocks; block++) {
    let l0 = startOf(scale + startOffset, base), l1 = l0;
    let h0 = i32x4.splat(0), h1 = h0;
    const scales = v128.load(weight);
    weight += 16;
    for (const end = x + 32; x < end; x += 4) {
      const v = v128.load32_splat(x);
      const w0 = v128.load(weight);
      const w1 = v128.load(weight, 16);
      l0 = dot4(v, v128.and(w0, nibble), l0);
      l1 = dot4(v, v128.and(w1, nibble), l1);
      h0 = dot4(v, v128.and(i16x8.shr_u(w0, 4), nibble), h0);
      h1 = dot4(v, v128.and(i16x8.shr_u(w1, 4), nibble), h1);
      weight += 32;
    }
    const xs = f32x4.mul(v128.load32_splat(scale), bias);
    sum0 = scaledBy(l0, h0, base, scaledF16x4(i32x4.extend_low_i16x8_s(scales), mask), xs, sum0);
    sum1 = scaledBy(l1, h1, base, scaledF16x4(i32x4.extend_high_i16x8_s(scales), mask), xs, sum1);
    scale += 4;
  }
  v128.store(out, sum0);
  v128.store(out, sum1, 16);
}

function tile2(weight: usize, blocks: usize, x: usize, xStride: usize, out: usize, outStride: usize): void {
  const nibble = lowNibbles();
  const base = integerBase();
  const mask = f16Mask();
  const bias = f16Bias();
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0;
  let scale = x + blocks * 32;
  const startOffset = blocks * 4;
  for (let block: usize = 0; block < blocks; block++) {
    let l0 = startOf(scale + startOffset, base), l1 = l0;
    let m0 = startOf(scale + startOffset + xStride, base), m1 = m0;
    let h0 = i32x4.splat(0), h1 = h0, i0 = h0, i1 = h0;
    const scales = v128.load(weight);
    weight += 16;
    for (const end = x + 32; x < end; x += 4) {
      const v = v128.load32_splat(x);
      const u = v128.load32_splat(x + xStride);
      let w = v128.load(weight);
      let n = v128.and(w, nibble);
      l0 = dot4(v, n, l0);
      m0 = dot4(u, n, m0);
      n = v128.and(i16x8.shr_u(w, 4), nibble);
      h0 = dot4(v, n, h0);
      i0 = dot4(u, n, i0);
      w = v128.load(weight, 16);
      n = v128.and(w, nibble);
      l1 = dot4(v, n, l1);
      m1 = dot4(u, n, m1);
      n = v128.and(i16x8.shr_u(w, 4), nibble);
      h1 = dot4(v, n, h1);
      i1 = dot4(u, n, i1);
      weight += 32;
    }
    const s0 = scaledF16x4(i32x4.extend_low_i16x8_s(scales), mask);
    const s1 = scaledF16x4(i32x4.extend_high_i16x8_s(scales), mask);
    let xs = f32x4.mul(v128.load32_splat(scale), bias);
    a0 = scaledBy(l0, h0, base, s0, xs, a0);
    a1 = scaledBy(l1, h1, base, s1, xs, a1);
    xs = f32x4.mul(v128.load32_splat(scale + xStride), bias);
    b0 = scaledBy(m0, i0, base, s0, xs, b0);
    b1 = scaledBy(m1, i1, base, s1, xs, b1);
    scale += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out + outStride, b0);
  v128.store(out + outStride, b1, 16);
}

/** From the stored base − 8·Σx to base − 128·Σx. */
// @ts-ignore: decorator
@inline
function startOf(stored: usize, base: v128): v128 {
  return i32x4.add(base, v128.shl<i32>(i32x4.sub(v128.load32_splat(stored), base), 4));
}

// @ts-ignore: decorator
@inline
function scaledBy(low: v128, high: v128, base: v128, scales: v128, xScale: v128, sum: v128): v128 {
  return addDot(i32x4.add(low, v128.shl<i32>(high, 4)), base, scales, xScale, sum);
}
