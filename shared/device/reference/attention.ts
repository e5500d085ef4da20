// Causal attention over a slot's cache: a plain softmax of q·K / √headDim, then the weighted sum of V.

import type { AttentionOp, CacheSpec } from '../../program/program.ts';
import { rangeLength, type SlotId } from '../../units.ts';
import type { FloatBuffer } from './buffers.ts';

/** Where a token of a step stands. */
export interface Place {
  readonly slot: SlotId;
  readonly position: number;
}

export class Cache {
  private readonly spec: CacheSpec;
  /** [slots, layers, 2, kvHeads, seqLen, headDim] */
  private readonly values: Float32Array;

  constructor(spec: CacheSpec, slots: number) {
    this.spec = spec;
    this.values = new Float32Array(slots * spec.layers * 2 * spec.kvHeads * spec.seqLen * spec.headDim);
  }

  /** The key or value of one head at one place: [headDim] */
  at(which: 'key' | 'value', layer: number, kvHead: number, { slot, position }: Place): Float32Array {
    const { layers, kvHeads, seqLen, headDim } = this.spec;
    const half = (slot * layers + layer) * 2 + (which === 'key' ? 0 : 1);
    const row = (half * kvHeads + kvHead) * seqLen + position;
    return this.values.subarray(row * headDim, (row + 1) * headDim);
  }
}

export interface AttentionBuffers {
  readonly q: FloatBuffer;
  readonly k: FloatBuffer;
  readonly v: FloatBuffer;
  readonly out: FloatBuffer;
}

export function attention(op: AttentionOp, buffers: AttentionBuffers, places: readonly Place[], cache: Cache): void {
  const { q, k, v, out } = buffers;
  const { layer, heads, kvHeads, headsPerKvHead, headDim } = op;
  // All keys and values are stored first; the causal limit below keeps a token from reading those after it.
  places.forEach((place, t) => {
    for (let kvHead = 0; kvHead < rangeLength(kvHeads); kvHead++) {
      cache.at('key', layer, kvHead, place).set(headOf(k, t, kvHead, headDim));
      cache.at('value', layer, kvHead, place).set(headOf(v, t, kvHead, headDim));
    }
  });
  places.forEach((place, t) => {
    for (let head = 0; head < rangeLength(heads); head++) {
      const kvHead = Math.floor((heads.start + head) / headsPerKvHead) - kvHeads.start;
      attend(headOf(q, t, head, headDim), headOf(out, t, head, headDim), layer, kvHead, place, cache);
    }
  });
}

function attend(
  query: Float32Array,
  out: Float32Array,
  layer: number,
  kvHead: number,
  place: Place,
  cache: Cache,
): void {
  const before = Array.from({ length: place.position + 1 }, (_, position) => ({ slot: place.slot, position }));
  const scores = before.map((at) => dot(query, cache.at('key', layer, kvHead, at)) / Math.sqrt(query.length));
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  const mixed = new Float64Array(out.length);
  before.forEach((at, position) => {
    const value = cache.at('value', layer, kvHead, at);
    for (let i = 0; i < mixed.length; i++) mixed[i] += (weights[position] / sum) * value[i];
  });
  out.set(mixed); // [headDim]
}

/** One head of one token in a [tokens, heads · headDim] buffer. */
function headOf({ values, width }: FloatBuffer, token: number, head: number, headDim: number): Float32Array {
  const start = token * width + head * headDim;
  return values.subarray(start, start + headDim);
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
