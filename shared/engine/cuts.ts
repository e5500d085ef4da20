// Top-k, top-p and min-p as arithmetic on weights sorted from the heaviest, which are 1 for the most probable token.
// The weights may be just the beginning of all; then some of the answer is bounds instead of numbers.

import type { Sampling } from './sampling.ts';

/** A number known to lie between two. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What the cuts keep: a prefix of the sorted tokens, as far as it is known. */
export interface Kept {
  /** So many of the first tokens are kept for certain. */
  readonly count: number;
  /** All kept tokens together weigh this at most; it is the weight of the first `count` where no others are kept. */
  readonly mostWeight: number;
}

/**
 * Each cut keeps a prefix, so the shortest decides. `total` is the weight of all tokens, and `complete` tells that no
 * token which a cut may keep is missing from `weights`.
 */
export function keptBy({ topK, topP, minP }: Sampling, weights: Float64Array, total: Bounds, complete: boolean): Kept {
  let kept: Kept = { count: weights.length, mostWeight: complete ? sum(weights) : total.high };
  let base = total; // top-p counts from what top-k has left
  const cut = (to: Kept): void => {
    kept = { count: Math.min(kept.count, to.count), mostWeight: Math.min(kept.mostWeight, to.mostWeight) };
  };
  if (topK > 0 && topK <= weights.length) {
    const weight = sum(weights.subarray(0, topK));
    cut({ count: topK, mostWeight: weight });
    base = { low: weight, high: weight };
  } else if (topK > 0 && !complete) {
    base = { low: sum(weights), high: total.high };
  }
  if (topP < 1) {
    const { count } = prefixReaching(weights, topP * base.low);
    const { mostWeight } = prefixReaching(weights, topP * base.high);
    cut({ count, mostWeight });
  }
  if (minP > 0) {
    const count = weights.findIndex((weight) => weight < minP);
    if (count >= 0) cut({ count, mostWeight: sum(weights.subarray(0, count)) });
  }
  return kept;
}

/** The shortest prefix that weighs `target` at least. If none does, one with the next token weighs no more than stated. */
function prefixReaching(weights: Float64Array, target: number): Kept {
  let reached = 0;
  for (let i = 0; i < weights.length; i++) {
    reached += weights[i]!;
    if (reached >= target) return { count: i + 1, mostWeight: reached };
  }
  return { count: weights.length, mostWeight: target + weights.at(-1)! };
}

/** The index of the token at which the sum exceeds `target`; the last if rounding keeps all from it. */
export function lookUp(weights: ArrayLike<number>, target: number): number {
  let reached = 0;
  for (let i = 0; i < weights.length; i++) {
    reached += weights[i]!;
    if (reached > target) return i;
  }
  return weights.length - 1;
}

/** From the left, as `lookUp` adds, so that the two agree to the last bit. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
