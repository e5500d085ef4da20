// Whether the ranks of a stage all compute one half of each layer in full, so that they add up partial sums once a layer
// and not twice. That trades memory and reading for waiting: worth it where a message takes longer than the smaller half.

import { type Milliseconds, rangeLength } from '../units.ts';
import { type CostInputs, type PlacedRank, stageComputeMs, stageSyncMs } from './cost.ts';
import { feedForwardWidth, type MemoryOptions, rankBytes } from './memory.ts';
import type { LayerHalf, Slice } from './slice.ts';

/** It must gain so much at least: it takes memory, and makes prompts slower, which are bound by computing. */
const WORTH_IT = 1.15;

export interface ReplicateInputs extends CostInputs {
  readonly memory: MemoryOptions;
  /** Whether it may be done at all. */
  readonly replicates: boolean;
}

/** The same ranks: as they are, or with the half in full that takes the least time, if all have memory for it. */
export function replicateHalf(inputs: ReplicateInputs, ranks: readonly PlacedRank[]): readonly PlacedRank[] {
  if (!inputs.replicates || ranks.length < 2) return ranks;
  const msOf = (some: readonly PlacedRank[]): Milliseconds =>
    stageComputeMs(inputs.header, some) + stageSyncMs(inputs, some);
  let best = ranks;
  let limit = msOf(ranks) / WORTH_IT;
  for (const half of ['attention', 'feed-forward'] as const) {
    const full = inFull(inputs, ranks, half);
    if (!full || !(msOf(full) <= limit)) continue;
    best = full;
    limit = msOf(full);
  }
  return best;
}

/** Undefined if memory does not suffice, or if a rank has no part in the other half: it would add nothing. */
function inFull(
  { header, memory }: ReplicateInputs,
  ranks: readonly PlacedRank[],
  half: LayerHalf,
): PlacedRank[] | undefined {
  const whole: Partial<Slice> =
    half === 'attention'
      ? { heads: { start: 0, end: header.heads }, kvHeads: { start: 0, end: header.kvHeads } }
      : { hidden: { start: 0, end: feedForwardWidth(header) } };
  const full = ranks.map(({ node, slice }) => ({ node, slice: { ...slice, ...whole, replicated: half } }));
  const works = full.every(({ node, slice }, i) => {
    const { heads, hidden } = ranks[i].slice;
    return rangeLength(half === 'attention' ? hidden : heads) > 0 && rankBytes(header, slice, memory) <= node.freeBytes;
  });
  return works ? full : undefined;
}
