// Cuts a program loose from the model's file: the same program on packed bytes that hold its rectangles and nothing else.
// Pure: root and worker come to the same from header and slice. Knows where bytes lie, reads none.

import { MissingTensorError } from '../../model/model-errors.ts';
import { bytesOf } from '../../model/quant.ts';
import type { TensorDirectory, TensorEntry } from '../../model/tensors.ts';
import { type Op, type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import { type Bytes, type Range, rangeLength } from '../../units.ts';

/** A rectangle of the model, and where it lies in the packed bytes as a tensor of its own: its rows, end to end. */
export interface Piece {
  readonly rectangle: Weight;
  readonly entry: TensorEntry;
}

export interface PackedProgram {
  /** Names the tensors of `tensors`, whole. */
  readonly program: Program;
  /** In the order of first use, which is that of the packed bytes. */
  readonly pieces: readonly Piece[];
  readonly tensors: TensorDirectory;
  readonly size: Bytes;
}

export function packProgram(program: Program): PackedProgram {
  const pieces = new Map<string, Piece>();
  const tensors = new Map<string, TensorEntry>();
  let size = 0;
  for (const rectangle of programWeights(program)) {
    const entry = entryOf(rectangle, freeName(rectangle.tensor, tensors), size);
    pieces.set(weightKey(rectangle), { rectangle, entry });
    tensors.set(entry.name, entry);
    size += entry.size;
  }
  const rebase = (weight: Weight): Weight => {
    const piece = pieces.get(weightKey(weight));
    if (!piece) throw new MissingTensorError('the packed weights', weight.tensor); // programWeights names them all
    const { name, type, rows, columns } = piece.entry;
    return { tensor: name, type, rows: all(rows), columns: all(columns) };
  };
  const segments = program.segments.map((segment) => ({
    ...segment,
    ops: segment.ops.map((op) => withWeight(op, rebase)),
  }));
  return { program: { ...program, segments }, pieces: [...pieces.values()], tensors, size };
}

export const rectangleBytes = ({ type, rows, columns }: Weight): Bytes =>
  rangeLength(rows) * bytesOf(type, rangeLength(columns));

function entryOf(rectangle: Weight, name: string, offset: Bytes): TensorEntry {
  const { type, rows, columns } = rectangle;
  const size = rectangleBytes(rectangle);
  return { name, type, rows: rangeLength(rows), columns: rangeLength(columns), offset, size };
}

/** A program may read several rectangles of one tensor; the second is `wo#2`. */
function freeName(tensor: string, taken: TensorDirectory): string {
  let name = tensor;
  for (let n = 2; taken.has(name); n++) name = `${tensor}#${n}`;
  return name;
}

function withWeight(op: Op, change: (weight: Weight) => Weight): Op {
  if (op.op === 'embedding') return { ...op, table: change(op.table) };
  if (op.op === 'rms-norm') return { ...op, gain: change(op.gain) };
  return op.op === 'matmul' ? { ...op, weight: change(op.weight) } : op;
}

const all = (length: number): Range => ({ start: 0, end: length });
