// out[t, row] = Σ weight[row, column] · input[t, column], for floats and for blocks.

import { BLOCK_VALUES } from '../../model/quant.ts';
import type { BlockBuffer, FloatBuffer } from './buffers.ts';
import type { BlockWeight, FloatWeight } from './weights.ts';

export function matmulFloats(input: FloatBuffer, weight: FloatWeight, out: FloatBuffer): void {
  const { rows, columns } = weight;
  const [x, w] = [input.values, weight.values];
  for (let o = 0; o < out.values.length; o++) {
    const token = Math.floor(o / rows) * columns;
    const row = (o % rows) * columns;
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += w[row + i] * x[token + i];
    out.values[o] = sum; // [tokens, rows]
  }
}

/** Products within a block are summed as integers, exactly; then both scales are applied. */
export function matmulBlocks(input: BlockBuffer, weight: BlockWeight, out: FloatBuffer): void {
  const { rows, columns } = weight;
  const [x, w] = [input.quants, weight.quants];
  for (let o = 0; o < out.values.length; o++) {
    const token = Math.floor(o / rows) * columns;
    const row = (o % rows) * columns;
    let sum = 0;
    for (let block = 0; block < columns; block += BLOCK_VALUES) {
      let dot = 0;
      for (let i = block; i < block + BLOCK_VALUES; i++) dot += w[row + i] * x[token + i];
      sum += dot * weight.scales[(row + block) / BLOCK_VALUES] * input.scales[(token + block) / BLOCK_VALUES];
    }
    out.values[o] = sum; // [tokens, rows]
  }
}
