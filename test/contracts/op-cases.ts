// The smallest programs around single ops, in many sizes. Ops that read several buffers get them cut out of the one
// input by f32 matrices of zeros and ones, which copy exactly; ops that write Q80 are read through a product.

import type { FloatType } from '../../shared/model/header.ts';
import type { BufferSpec, CacheSpec, Op, OpName, Weight } from '../../shared/program/program.ts';
import type { Range } from '../../shared/units.ts';

export interface TensorValues {
  readonly name: string;
  readonly type: FloatType;
  readonly rows: number;
  readonly columns: number;
  /** The value at each row and column; random where left out. */
  readonly at?: (row: number, column: number) => number;
}

export interface OpCase {
  /** The op under test; the others of the program only feed it. */
  readonly op: OpName;
  readonly title: string;
  readonly tensors: readonly TensorValues[];
  readonly buffers: Readonly<Record<string, BufferSpec>>;
  /** The buffer given random values, if the op reads any. */
  readonly input?: string;
  readonly ops: readonly Op[];
  /** The buffer compared; the candidates are if there is none. */
  readonly output?: string;
  readonly cache?: Omit<CacheSpec, 'seqLen'>;
}

export const vocabSize = 101;

const f32 = (width: number): BufferSpec => ({ width, type: 'f32' });
const q80 = (width: number): BufferSpec => ({ width, type: 'q80' });
const upTo = (end: number): Range => ({ start: 0, end });
const wholeOf = ({ name, type, rows, columns }: TensorValues): Weight => {
  return { tensor: name, type, rows: upTo(rows), columns: upTo(columns) };
};

/** Columns `from` and on of `input`, copied to `out`. */
function cut(input: string, inputWidth: number, from: number, out: string, width: number): [TensorValues, Op] {
  const at = (row: number, column: number): number => (column === from + row ? 1 : 0);
  const tensor: TensorValues = { name: `cut-${out}`, type: 'f32', rows: width, columns: inputWidth, at };
  return [tensor, { op: 'matmul', input, weight: wholeOf(tensor), out }];
}

const embedding = (width: number): OpCase => {
  const table: TensorValues = { name: 'embedding', type: 'f32', rows: vocabSize, columns: width };
  return {
    op: 'embedding',
    title: `${width} wide`,
    tensors: [table],
    buffers: { x: f32(width) },
    ops: [{ op: 'embedding', table: wholeOf(table), out: 'x' }],
    output: 'x',
  };
};

const rmsNorm = (width: number, gainWidth: number): OpCase => {
  const gain: TensorValues = { name: 'gain', type: 'f32', rows: 1, columns: gainWidth };
  const out = gainWidth < width ? 'x' : 'normed'; // by heads it is used in place
  return {
    op: 'rms-norm',
    title: `${width} wide${gainWidth < width ? `, each ${gainWidth} on its own, in place` : ''}`,
    tensors: [gain],
    buffers: { x: f32(width), normed: f32(width) },
    input: 'x',
    ops: [{ op: 'rms-norm', input: 'x', gain: wholeOf(gain), epsilon: 1e-5, out }],
    output: out,
  };
};

const quantise = (width: number): OpCase => {
  const at = (row: number, column: number): number => (row === column ? 1 : 0);
  const identity: TensorValues = { name: 'identity', type: 'q80', rows: width, columns: width, at };
  return {
    op: 'quantise',
    title: `${width} wide, read through the identity`,
    tensors: [identity],
    buffers: { x: f32(width), blocks: q80(width), out: f32(width) },
    input: 'x',
    ops: [
      { op: 'quantise', input: 'x', out: 'blocks' },
      { op: 'matmul', input: 'blocks', weight: wholeOf(identity), out: 'out' },
    ],
    output: 'out',
  };
};

const matmul = (type: FloatType, rows: Range, columns: Range, tensorRows: number, tensorColumns: number): OpCase => {
  const weight: Weight = { tensor: 'matrix', type, rows, columns };
  const [width, height] = [columns.end - columns.start, rows.end - rows.start];
  const product = (input: string): Op => ({ op: 'matmul', input, weight, out: 'out' });
  const quantised = type === 'q40' || type === 'q80';
  return {
    op: 'matmul',
    title: `${type} rows ${rows.start}–${rows.end}, columns ${columns.start}–${columns.end} of ${tensorRows}×${tensorColumns}`,
    tensors: [{ name: 'matrix', type, rows: tensorRows, columns: tensorColumns }],
    buffers: { x: f32(width), ...(quantised && { blocks: q80(width) }), out: f32(height) },
    input: 'x',
    ops: quantised ? [{ op: 'quantise', input: 'x', out: 'blocks' }, product('blocks')] : [product('x')],
    output: 'out',
  };
};
const wholeMatmul = (type: FloatType, rows: number, columns: number): OpCase =>
  matmul(type, upTo(rows), upTo(columns), rows, columns);

const frequenciesOf = (headDim: number): number[] =>
  Array.from({ length: headDim / 2 }, (_, pair) => 10000 ** ((-2 * pair) / headDim));

const rope = (style: 'neighbours' | 'halves', heads: number, headDim: number): OpCase => ({
  op: 'rope',
  title: `${style}, ${heads} heads of ${headDim}`,
  tensors: [],
  buffers: { x: f32(heads * headDim) },
  input: 'x',
  ops: [{ op: 'rope', buffer: 'x', headDim, style, frequencies: frequenciesOf(headDim) }],
  output: 'x',
});

const attention = (heads: Range, headsPerKvHead: number, headDim: number): OpCase => {
  const kvHeads = { start: Math.floor(heads.start / headsPerKvHead), end: Math.ceil(heads.end / headsPerKvHead) };
  const count = kvHeads.end - kvHeads.start;
  const [qWidth, kvWidth] = [(heads.end - heads.start) * headDim, count * headDim];
  const width = qWidth + 2 * kvWidth;
  const cuts = [
    cut('x', width, 0, 'q', qWidth),
    cut('x', width, qWidth, 'k', kvWidth),
    cut('x', width, qWidth + kvWidth, 'v', kvWidth),
  ];
  const buffers = { q: 'q', k: 'k', v: 'v', out: 'attended' };
  return {
    op: 'attention',
    title: `heads ${heads.start}–${heads.end} of ${headDim}, ${headsPerKvHead} to a kv head`,
    tensors: cuts.map(([tensor]) => tensor),
    buffers: { x: f32(width), q: f32(qWidth), k: f32(kvWidth), v: f32(kvWidth), attended: f32(qWidth) },
    input: 'x',
    ops: [
      ...cuts.map(([, op]) => op),
      { op: 'attention', ...buffers, layer: 1, heads, kvHeads, headsPerKvHead, headDim },
    ],
    output: 'attended',
    cache: { layers: 2, kvHeads: count, headDim },
  };
};

const gatedActivation = (op: 'silu-mul' | 'gelu-mul', width: number): OpCase => {
  const cuts = [cut('x', 2 * width, 0, 'gate', width), cut('x', 2 * width, width, 'up', width)];
  return {
    op,
    title: `${width} wide`,
    tensors: cuts.map(([tensor]) => tensor),
    buffers: { x: f32(2 * width), gate: f32(width), up: f32(width), hidden: f32(width) },
    input: 'x',
    ops: [...cuts.map(([, copy]) => copy), { op, gate: 'gate', up: 'up', out: 'hidden' }],
    output: 'hidden',
  };
};

const add = (width: number): OpCase => {
  const square: TensorValues = { name: 'square', type: 'f32', rows: width, columns: width };
  return {
    op: 'add',
    title: `${width} wide`,
    tensors: [square],
    buffers: { x: f32(width), partial: f32(width) },
    input: 'x',
    ops: [
      { op: 'matmul', input: 'x', weight: wholeOf(square), out: 'partial' },
      { op: 'add', buffer: 'x', addend: 'partial' },
    ],
    output: 'x',
  };
};

const topK = (op: 'pick-rows' | 'top-k', vocabulary: Range): OpCase => {
  const width = vocabulary.end - vocabulary.start;
  return {
    op,
    title: `vocabulary rows ${vocabulary.start}–${vocabulary.end}`,
    tensors: [],
    buffers: { x: f32(width), logits: f32(width) },
    input: 'x',
    ops: [
      { op: 'pick-rows', input: 'x', out: 'logits' },
      { op: 'top-k', logits: 'logits', vocabulary },
    ],
  };
};

const types: FloatType[] = ['f32', 'f16', 'q40', 'q80'];

export const opCases: readonly OpCase[] = [
  ...[32, 50, 288].map(embedding),
  ...[32, 50, 288].map((width) => rmsNorm(width, width)),
  rmsNorm(96, 32),
  rmsNorm(320, 64),
  rmsNorm(128, 128),
  ...[32, 96, 352].map(quantise),
  ...types.flatMap((type) => [
    wholeMatmul(type, 1, 352),
    wholeMatmul(type, 5, 96),
    wholeMatmul(type, 8, 32),
    wholeMatmul(type, 77, 160),
    wholeMatmul(type, 256, 64),
    wholeMatmul(type, 101, 288),
    matmul(type, { start: 3, end: 40 }, upTo(96), 50, 96),
    matmul(type, upTo(33), { start: 32, end: 192 }, 33, 224),
    matmul(type, { start: 5, end: 6 }, { start: 64, end: 96 }, 7, 96),
  ]),
  wholeMatmul('f32', 13, 50),
  wholeMatmul('f16', 13, 50),
  ...(['neighbours', 'halves'] as const).flatMap((style) => [
    rope(style, 3, 32),
    rope(style, 1, 64),
    rope(style, 2, 80),
    rope(style, 5, 128),
  ]),
  attention(upTo(1), 1, 32),
  attention(upTo(3), 3, 32),
  attention(upTo(6), 2, 64),
  attention(upTo(4), 4, 80),
  attention(upTo(2), 1, 128),
  attention({ start: 2, end: 7 }, 3, 32),
  attention({ start: 5, end: 6 }, 4, 64),
  ...([32, 50, 352] as const).flatMap((width) => [
    gatedActivation('silu-mul', width),
    gatedActivation('gelu-mul', width),
  ]),
  ...[32, 50, 288].map(add),
  topK('pick-rows', upTo(vocabSize)),
  topK('top-k', upTo(50)),
  topK('top-k', { start: 37, end: vocabSize }),
];
