// A rank's work for one step, as data. It names ops, buffers and weights; it does not know how a device runs them,
// nor who the other ranks are. Buffers are [tokens, width]; every op maps whole buffers, row by row unless it says
// otherwise.

import type { FloatType, RopeStyle } from '../model/header.ts';
import type { Range } from '../units.ts';

/** `q80`: Q80 blocks of 32 along the width, the form in which activations meet q40 and q80 weights. */
export type BufferType = 'f32' | 'q80';

export interface BufferSpec {
  readonly width: number;
  readonly type: BufferType;
}

/** A rectangle of a tensor of the model. Columns of block-quantised tensors start and end at whole blocks of 32. */
export interface Weight {
  readonly tensor: string;
  readonly type: FloatType;
  readonly rows: Range;
  readonly columns: Range;
}

/** out[t] = table row of token t. */
export interface EmbeddingOp {
  readonly op: 'embedding';
  readonly table: Weight;
  readonly out: string;
}

/** out = input / rms(input) · gain, where each run of `gain.length` columns is normalised on its own. */
export interface RmsNormOp {
  readonly op: 'rms-norm';
  readonly input: string;
  readonly gain: Weight;
  readonly epsilon: number;
  readonly out: string;
}

/** out (q80) = input (f32), block by block. */
export interface QuantiseOp {
  readonly op: 'quantise';
  readonly input: string;
  readonly out: string;
}

/** out[t, row] = Σ weight[row, column] · input[t, column]. q40 and q80 weights take q80 input, f16 and f32 take f32. */
export interface MatmulOp {
  readonly op: 'matmul';
  readonly input: string;
  readonly weight: Weight;
  readonly out: string;
}

/** Rotates each head of `buffer` in place by the token's position. */
export interface RopeOp {
  readonly op: 'rope';
  readonly buffer: string;
  readonly headDim: number;
  readonly style: RopeStyle;
  /** Radians per position of each of the headDim/2 pairs. */
  readonly frequencies: readonly number[];
}

/**
 * Stores k and v in the cache at each token's slot and position, then attends causally:
 * out[t, head] = softmax(q·K / √headDim) · V over the slot's positions up to t's own.
 * `heads` and `kvHeads` are the rank's ranges of the model's heads; head h reads key-value head ⌊h / headsPerKvHead⌋.
 */
export interface AttentionOp {
  readonly op: 'attention';
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly out: string;
  /** Index of the layer in this rank's cache. */
  readonly layer: number;
  readonly heads: Range;
  readonly kvHeads: Range;
  readonly headsPerKvHead: number;
  readonly headDim: number;
}

/** out = silu(gate) · up, or gelu (tanh form) in place of silu. */
export interface GatedActivationOp {
  readonly op: 'silu-mul' | 'gelu-mul';
  readonly gate: string;
  readonly up: string;
  readonly out: string;
}

/** buffer += addend. */
export interface AddOp {
  readonly op: 'add';
  readonly buffer: string;
  readonly addend: string;
}

/** Keeps the rows whose logits are wanted: out is [wanted, width]; ops after it run on those rows only. */
export interface PickRowsOp {
  readonly op: 'pick-rows';
  readonly input: string;
  readonly out: string;
}

/** Ends a program: turns logits over the vocabulary rows `vocabulary` into what each wanted row asked for. */
export interface TopKOp {
  readonly op: 'top-k';
  readonly logits: string;
  readonly vocabulary: Range;
}

export type Op =
  | EmbeddingOp
  | RmsNormOp
  | QuantiseOp
  | MatmulOp
  | RopeOp
  | AttentionOp
  | GatedActivationOp
  | AddOp
  | PickRowsOp
  | TopKOp;

export type OpName = Op['op'];

/**
 * What the caller does with a segment's output before the next segment of the program may run.
 * - `all-reduce`: the ranks' outputs are added up; the sum is the next segment's input.
 * - `spread`: the leader's output is the others' next input; they have run nothing in this segment.
 * - `collect`: the sum of all outputs is the leader's next input.
 * - `next-stage`: it goes to the ranks of the next stage, and the program ends; as with `none`.
 */
export type Sync = 'all-reduce' | 'spread' | 'collect' | 'next-stage' | 'none';

/** Ops that run without talking to another rank. The caller fills `input` before, and reads `output` after. */
export interface Segment {
  readonly input: string | undefined;
  readonly ops: readonly Op[];
  readonly output: string | undefined;
  readonly sync: Sync;
}

/** Room for keys and values: [slots, layers, 2, kvHeads, seqLen, headDim]. */
export interface CacheSpec {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly seqLen: number;
}

export interface Program {
  readonly buffers: Readonly<Record<string, BufferSpec>>;
  readonly segments: readonly Segment[];
  readonly cache: CacheSpec;
  readonly vocabSize: number;
}

/** Every weight a program reads, once, in the order of first use. */
export function programWeights(program: Program): Weight[] {
  const seen = new Map<string, Weight>();
  for (const segment of program.segments) {
    for (const op of segment.ops) {
      const weight =
        op.op === 'embedding' ? op.table : op.op === 'rms-norm' ? op.gain : op.op === 'matmul' ? op.weight : undefined;
      if (weight) seen.set(weightKey(weight), weight);
    }
  }
  return [...seen.values()];
}

/** Identifies a weight within a program. */
export const weightKey = (weight: Weight): string =>
  `${weight.tensor}[${weight.rows.start}:${weight.rows.end},${weight.columns.start}:${weight.columns.end}]`;
