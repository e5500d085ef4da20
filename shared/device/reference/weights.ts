// Reads the rectangles of tensors that a program names, and unpacks them: floats to f32, blocks to scales and quants.

import { ShoalError } from '../../errors.ts';
import { decodeF16 } from '../../model/f16.ts';
import { MissingTensorError } from '../../model/model-errors.ts';
import { BLOCK_VALUES, bytesOf, dequantise } from '../../model/quant.ts';
import type { TensorEntry } from '../../model/tensors.ts';
import { type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import { rangeLength } from '../../units.ts';
import type { LoadOptions, WeightFile } from '../device.ts';

export interface FloatWeight {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] */
  readonly values: Float32Array;
}

/** q40 and q80 alike: value = quant · the scale of its block. */
export interface BlockWeight {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns / 32] */
  readonly scales: Float32Array;
  /** [rows, columns] */
  readonly quants: Int8Array;
}

/** The program and the model disagree about a tensor. */
export class WeightMismatchError extends ShoalError {
  readonly blame = 'file';
}

/** A program's weights, by weightKey. */
export class Weights {
  private readonly floatWeights = new Map<string, FloatWeight>();
  private readonly blockWeights = new Map<string, BlockWeight>();

  async load(program: Program, file: WeightFile, onProgress: LoadOptions['onProgress']): Promise<void> {
    const weights = programWeights(program);
    const total = weights.reduce((sum, weight) => sum + weightBytes(weight), 0);
    let loaded = 0;
    for (const weight of weights) {
      this.add(weight, await readRectangle(weight, file));
      loaded += weightBytes(weight);
      onProgress?.(loaded, total);
    }
  }

  floats(weight: Weight): FloatWeight {
    return found(this.floatWeights.get(weightKey(weight)), weight);
  }

  blocks(weight: Weight): BlockWeight {
    return found(this.blockWeights.get(weightKey(weight)), weight);
  }

  private add(weight: Weight, bytes: Uint8Array): void {
    const shape = { rows: rangeLength(weight.rows), columns: rangeLength(weight.columns) };
    if (isBlocks(weight)) {
      this.blockWeights.set(weightKey(weight), { ...shape, ...unpackBlocks(weight, bytes) });
    } else {
      const values = new Float32Array(shape.rows * shape.columns);
      dequantise(weight.type, bytes, values);
      this.floatWeights.set(weightKey(weight), { ...shape, values });
    }
  }
}

export const isBlocks = (weight: Weight): boolean => weight.type === 'q40' || weight.type === 'q80';

const weightBytes = (weight: Weight): number => rangeLength(weight.rows) * rowBytes(weight);
const rowBytes = (weight: Weight): number => bytesOf(weight.type, rangeLength(weight.columns));

/** The bytes of a weight's rows one after another, each only its columns. */
async function readRectangle(weight: Weight, { source, tensors }: WeightFile): Promise<Uint8Array> {
  const { tensor, type, rows, columns } = weight;
  const entry = tensors.get(tensor);
  if (!entry) throw new MissingTensorError(source.name, tensor);
  assertFits(weight, entry, source.name);
  const bytes = new Uint8Array(weightBytes(weight));
  if (rangeLength(columns) === 0) return bytes;
  if (rangeLength(columns) === entry.columns) {
    await source.readInto(entry.offset + bytesOf(type, rows.start * entry.columns), bytes);
    return bytes;
  }
  for (let row = 0; row < rangeLength(rows); row++) {
    const offset = entry.offset + bytesOf(type, (rows.start + row) * entry.columns + columns.start);
    await source.readInto(offset, bytes.subarray(row * rowBytes(weight), (row + 1) * rowBytes(weight)));
  }
  return bytes;
}

function assertFits({ tensor, type, rows, columns }: Weight, entry: TensorEntry, file: string): void {
  if (entry.type === type && rows.end <= entry.rows && columns.end <= entry.columns) return;
  throw new WeightMismatchError(
    `The program reads ${tensor} as ${type} up to [${rows.end}, ${columns.end}] but ${file} holds it as ` +
      `${entry.type} [${entry.rows}, ${entry.columns}]; build the program from this file's header`,
  );
}

function unpackBlocks({ type }: Weight, bytes: Uint8Array): Pick<BlockWeight, 'scales' | 'quants'> {
  const blockBytes = bytesOf(type, BLOCK_VALUES);
  const blocks = bytes.length / blockBytes;
  const scales = new Float32Array(blocks);
  const quants = new Int8Array(blocks * BLOCK_VALUES);
  for (let block = 0; block < blocks; block++) {
    const at = block * blockBytes;
    scales[block] = decodeF16(bytes[at] | (bytes[at + 1] << 8));
    const codes = bytes.subarray(at + 2, at + blockBytes);
    const target = quants.subarray(block * BLOCK_VALUES, (block + 1) * BLOCK_VALUES);
    if (type === 'q40') unpackNibbles(codes, target);
    else target.set(codes); // as i8: codes past 127 wrap around
  }
  return { scales, quants };
}

/** Byte j holds value j in its low nibble and value j + 16 in its high one, each 8 too high. */
function unpackNibbles(codes: Uint8Array, target: Int8Array): void {
  for (let j = 0; j < codes.length; j++) {
    target[j] = (codes[j] & 15) - 8;
    target[j + codes.length] = (codes[j] >> 4) - 8;
  }
}

function found<T>(weight: T | undefined, { tensor, type }: Weight): T {
  if (!weight) throw new RangeError(`The program uses ${tensor} as a ${type} weight where the op takes another type`);
  return weight;
}
