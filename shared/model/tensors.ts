// The tensors a model of a given header has, by name, shape and type; and where a file keeps them. Names are shared by
// all formats: `embedding`, `final-norm`, `output`, and for each layer `layers.3.` followed by `q`, `k`, `v`, `wo`, `w1`
// (gate), `w2` (down), `w3` (up), `attention-norm`, `ffn-norm`; qwen3 has `q-norm` and `k-norm` too; a mixture of experts
// has `moe-gate` and `layers.3.experts.7.w1` in place of the dense three. tensor-list.ts yields them all.

import type { Bytes } from '../units.ts';
import type { FloatType } from './header.ts';

/** A row-major matrix, or a vector as one row: [rows, columns]. */
export interface TensorShape {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly type: FloatType;
}

/** A tensor in a file: its bytes are [offset, offset + size). */
export interface TensorEntry extends TensorShape {
  readonly offset: Bytes;
  readonly size: Bytes;
}

export type TensorDirectory = ReadonlyMap<string, TensorEntry>;
