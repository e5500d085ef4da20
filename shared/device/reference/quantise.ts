// Q80 blocks from floats, with the arithmetic that made the weights in files (model/quant.ts, GGML's reference code).

import { decodeF16, encodeF16 } from '../../model/f16.ts';
import { BLOCK_VALUES } from '../../model/quant.ts';
import type { BlockBuffer } from './buffers.ts';

const fround = Math.fround;

/**
 * Per block, all in f32: d = max|x| / 127, quant = x · (1/d) to the nearest integer with halves away from zero. The
 * scale kept is d rounded to f16 (nearest, ties to even); the quants are made with 1/d from before that rounding.
 */
export function quantise(input: Float32Array, out: BlockBuffer): void {
  for (let block = 0; block < out.scales.length; block++) {
    const values = input.subarray(block * BLOCK_VALUES, (block + 1) * BLOCK_VALUES);
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const d = fround(largest / 127);
    const inverse = d === 0 ? 0 : fround(1 / d);
    out.scales[block] = decodeF16(encodeF16(d));
    values.forEach((value, i) => {
      out.quants[block * BLOCK_VALUES + i] = clamped(roundHalfAway(fround(value * inverse)));
    });
  }
}

const roundHalfAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
/** Only where d is so small that 1/d overflows; the scale is 0 there anyway. */
const clamped = (value: number): number => Math.max(-127, Math.min(127, value));
