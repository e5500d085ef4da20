// The Device port: what runs a program's segments. It knows programs and model files; it knows neither links nor
// text nor sampling. Everything is awaited, because a GPU or a thread answers later.

import type { ByteSource } from '../model/byte-source.ts';
import type { TensorDirectory } from '../model/tensors.ts';
import type { OpName, Program } from '../program/program.ts';
import type { Bytes, Milliseconds, SlotId, TokenId } from '../units.ts';

/** Consecutive positions of one sequence that a step computes. */
export interface Run {
  readonly slot: SlotId;
  /** Position of the first token. Everything before it is in the slot's cache already; what lay after is overwritten. */
  readonly position: number;
  readonly tokens: readonly TokenId[];
  /** For which of the last tokens something is wanted: one request each, for tokens.length − wanted.length and on. */
  readonly wanted: readonly LogitsRequest[];
}

/** One pass over runs of several sequences, at most one run a slot, in one batch. */
export interface Step {
  readonly runs: readonly Run[];
}

/** What to return of a row of logits. */
export interface LogitsRequest {
  /** How many of the largest logits, largest first; at least 1. */
  readonly topK: number;
  /** Ids kept out of the top-k and of the log-sum-exp, whose logits are returned as they are. */
  readonly apart: readonly TokenId[];
  /** Return the whole row of logits too. */
  readonly full: boolean;
}

/** Answer to a LogitsRequest over the vocabulary rows that a rank holds. */
export interface Candidates {
  /** The largest logits, descending; equal logits in order of their ids. */
  readonly ids: Int32Array;
  readonly logits: Float32Array;
  /** log Σ exp(logit) over all rows not `apart`; −Infinity where there are none. */
  readonly logSumExp: number;
  /** Logits of the ids `apart`; NaN for those that another rank holds. */
  readonly apart: Float32Array;
  readonly full: Float32Array | undefined;
}

export interface SegmentResult {
  /** The segment's output buffer, [tokens, width], if it has one. Valid until the next call. */
  readonly output: Float32Array | undefined;
  /** One a request, in the step's order, if the segment ends the program. */
  readonly candidates: readonly Candidates[];
}

export interface LoadOptions {
  readonly slots: number;
  /** The most tokens that a step may carry. */
  readonly maxTokens: number;
  readonly onProgress?: (loaded: Bytes, total: Bytes) => void;
}

export interface OpTiming {
  readonly op: OpName | 'exchange';
  readonly calls: number;
  readonly totalMs: Milliseconds;
}

/** A program with its weights and cache in a device. Calls must not overlap. */
export interface LoadedProgram {
  readonly maxTokens: number;
  readonly slots: number;
  /** Runs one segment of `step`; `input` is [tokens, width] where the segment takes one. */
  run(step: Step, segment: number, input?: Float32Array): Promise<SegmentResult>;
  /** Where the time went since loading, longest first; times of threads that worked side by side are averaged. */
  timings(): Promise<readonly OpTiming[]>;
  close(): Promise<void>;
}

/** Where a device reads weights from. */
export interface WeightFile {
  readonly source: ByteSource;
  readonly tensors: TensorDirectory;
}

export interface Device {
  readonly name: string;
  load(program: Program, weights: WeightFile, options: LoadOptions): Promise<LoadedProgram>;
}
