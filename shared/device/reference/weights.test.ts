import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../model/bytes-source.ts';
import type { FloatType } from '../../model/header.ts';
import { MissingTensorError } from '../../model/model-errors.ts';
import { bytesOf, dequantise, quantise } from '../../model/quant.ts';
import type { Program, Weight } from '../../program/program.ts';
import type { WeightFile } from '../device.ts';
import { isBlocks, WeightMismatchError, Weights } from './weights.ts';

const [rows, columns, offset] = [7, 96, 5];

/** A file whose one tensor, `matrix`, starts after a few other bytes; and its values as the file holds them. */
function fileOf(type: FloatType): { file: WeightFile; values: Float32Array } {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * i));
  const size = bytesOf(type, values.length);
  const bytes = new Uint8Array(offset + size);
  quantise(type, values, bytes.subarray(offset));
  dequantise(type, bytes.subarray(offset), values);
  const entry = { name: 'matrix', type, rows, columns, offset, size };
  return { file: { source: bytesSource('a file', bytes), tensors: new Map([['matrix', entry]]) }, values };
}

const programWith = (weight: Weight): Program => ({
  buffers: {},
  segments: [{ input: undefined, ops: [{ op: 'matmul', input: 'x', weight, out: 'y' }], output: 'y', sync: 'none' }],
  cache: { layers: 1, kvHeads: 1, headDim: 2, seqLen: 1 },
  vocabSize: 1,
});

async function load(weight: Weight, file: WeightFile): Promise<number[]> {
  const weights = new Weights();
  await weights.load(programWith(weight), file, undefined);
  if (!isBlocks(weight)) return [...weights.floats(weight).values];
  const { quants, scales } = weights.blocks(weight);
  return Array.from(quants, (quant, i) => Math.fround(quant * scales[Math.floor(i / 32)]));
}

describe('Weights', () => {
  it.each(['f32', 'f16', 'q40', 'q80'] as const)('reads a rectangle of %s', async (type) => {
    const { file, values } = fileOf(type);
    for (const [r, c] of [
      [
        { start: 0, end: 7 },
        { start: 0, end: 96 },
      ],
      [
        { start: 2, end: 4 },
        { start: 0, end: 96 },
      ],
      [
        { start: 3, end: 7 },
        { start: 32, end: 96 },
      ],
      [
        { start: 0, end: 7 },
        { start: 64, end: 64 },
      ],
      [
        { start: 5, end: 5 },
        { start: 0, end: 96 },
      ],
    ]) {
      const expected = [...values].filter((_, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return row >= r.start && row < r.end && column >= c.start && column < c.end;
      });
      const actual = await load({ tensor: 'matrix', type, rows: r, columns: c }, file);
      expect(actual.map((value) => value + 0)).toEqual(expected.map((value) => value + 0)); // −0 is 0
    }
  });

  it('refuses a tensor that is not there, of another type or smaller', async () => {
    const { file } = fileOf('q40');
    const weight: Weight = {
      tensor: 'matrix',
      type: 'q40',
      rows: { start: 0, end: 7 },
      columns: { start: 0, end: 96 },
    };
    await expect(load({ ...weight, tensor: 'other' }, file)).rejects.toThrow(MissingTensorError);
    await expect(load({ ...weight, type: 'q80' }, file)).rejects.toThrow(WeightMismatchError);
    await expect(load({ ...weight, rows: { start: 7, end: 8 } }, file)).rejects.toThrow(
      'The program reads matrix as q40 up to [8, 96] but a file holds it as q40 [7, 96]; ' +
        "build the program from this file's header",
    );
  });
});
