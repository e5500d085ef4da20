// What one rank holds of a model: layers of its stage; heads, FFN columns and vocabulary rows of its rank.
// Knows nothing of speed or links; those choose slices, this only says what a slice is.

import type { ModelHeader } from '../model/header.ts';
import { type Range, rangeLength } from '../units.ts';

/** What a layer consists of: each half ends in a product whose partial sums the ranks of a stage add up. */
export type LayerHalf = 'attention' | 'feed-forward';

export interface Slice {
  readonly layers: Range;
  readonly heads: Range;
  /** The key-value heads that `heads` read; neighbouring ranks may both hold the one at their border. */
  readonly kvHeads: Range;
  /** Columns of the feed-forward layer, in whole blocks of 32. */
  readonly hidden: Range;
  /** Rows of the output matrix. */
  readonly vocabulary: Range;
  /** The half of each layer that every rank of the stage computes in full, so that nothing is added up after it. */
  readonly replicated?: LayerHalf;
  /**
   * In a led stage its first rank computes attention alone, and has the keys and values of all heads; it sends the others
   * what their feed-forward parts take. So ranks wait for each other once a layer. Such a stage has all layers.
   */
  readonly led?: 'leader' | 'follower';
}

/** The slice of a rank that is alone. */
export const wholeSlice = (header: ModelHeader): Slice => ({
  layers: { start: 0, end: header.layers },
  heads: { start: 0, end: header.heads },
  kvHeads: { start: 0, end: header.kvHeads },
  hidden: { start: 0, end: header.hiddenDim },
  vocabulary: { start: 0, end: header.vocabSize },
});

/** Slices of all layers, in a stage that the first of them leads. */
export function ledSlices({ heads, kvHeads }: ModelHeader, slices: readonly Slice[]): Slice[] {
  const none = { start: 0, end: 0 };
  return slices.map((slice, rank) =>
    rank === 0
      ? { ...slice, heads: { start: 0, end: heads }, kvHeads: { start: 0, end: kvHeads }, led: 'leader' }
      : { ...slice, heads: none, kvHeads: none, led: 'follower' },
  );
}

/** The key-value heads that the query heads `heads` read; none for none. */
export function kvHeadsOf(heads: Range, headsPerKvHead: number): Range {
  if (rangeLength(heads) === 0) return { start: 0, end: 0 };
  return { start: Math.floor(heads.start / headsPerKvHead), end: Math.ceil(heads.end / headsPerKvHead) };
}

/** Cuts `total` units into parts in proportion to `weights`, each a multiple of `unit` except that the last takes the rest. */
export function cutRange(total: number, weights: readonly number[], unit = 1): Range[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const units = Math.ceil(total / unit);
  let running = 0;
  let start = 0;
  return weights.map((weight) => {
    running += weight;
    const end = Math.min(total, Math.round((units * running) / sum) * unit);
    const range = { start, end: Math.max(start, end) };
    start = range.end;
    return range;
  });
}
