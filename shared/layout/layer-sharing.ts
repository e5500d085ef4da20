// How the ranks of a stage share layers, where adding up partial sums twice a layer takes longer than it saves: all of them
// compute one half of each layer in full, or the first of them computes attention alone and leads. Either way they wait
// for each other once a layer.

import { type Milliseconds, rangeLength } from '../units.ts';
import { type CostInputs, type PlacedRank, stageComputeMs, stageSyncMs } from './cost.ts';
import { feedForwardWidth, type MemoryOptions, rankBytes } from './memory.ts';
import { type LayerHalf, ledSlices, type Slice } from './slice.ts';

/** It must gain so much at least: it makes prompts slower, which are bound by computing. */
const WORTH_IT = 1.15;
/** What all compute in full takes memory from all, and weights to be sent: so much more than with a leader. */
const WORTH_MEMORY = 1.1;

export interface SharingInputs extends CostInputs {
  readonly memory: MemoryOptions;
  /** Whether it may be anything but the plain cut. */
  readonly replicates: boolean;
}

/** The same ranks: as they are, or in the way that takes the least time, if all have memory for it. */
export function bestSharing(inputs: SharingInputs, ranks: readonly PlacedRank[]): readonly PlacedRank[] {
  if (!inputs.replicates || ranks.length < 2) return ranks;
  const msOf = (some: readonly PlacedRank[]): Milliseconds =>
    stageComputeMs(inputs.header, some) + stageSyncMs(inputs, some);
  let best = ranks;
  let limit = msOf(ranks) / WORTH_IT;
  const consider = (other: readonly PlacedRank[], worth: number): void => {
    const ms = msOf(other);
    if (!(ms <= limit) || !fits(inputs, other)) return;
    best = other;
    limit = ms / worth;
  };
  consider(led(inputs, ranks), WORTH_MEMORY);
  consider(inFull(inputs, ranks, 'attention'), 1);
  consider(inFull(inputs, ranks, 'feed-forward'), 1);
  return best;
}

/** Not if memory does not suffice, nor if a rank has no part in what is added up. */
function fits({ header, memory }: SharingInputs, ranks: readonly PlacedRank[]): boolean {
  return ranks.every(({ node, slice }) => {
    const { heads, hidden, replicated } = slice;
    const part = replicated === 'feed-forward' ? heads : hidden;
    return rangeLength(part) > 0 && rankBytes(header, slice, memory) <= node.freeBytes;
  });
}

function inFull({ header }: SharingInputs, ranks: readonly PlacedRank[], half: LayerHalf): readonly PlacedRank[] {
  const whole: Partial<Slice> =
    half === 'attention'
      ? { heads: { start: 0, end: header.heads }, kvHeads: { start: 0, end: header.kvHeads } }
      : { hidden: { start: 0, end: feedForwardWidth(header) } };
  return ranks.map(({ node, slice }) => ({ node, slice: { ...slice, ...whole, replicated: half } }));
}

/** The first rank leads; none for a stage that others follow or go before. */
function led({ header }: SharingInputs, ranks: readonly PlacedRank[]): readonly PlacedRank[] {
  if (rangeLength(ranks[0].slice.layers) < header.layers) return ranks;
  const slices = ranks.map(({ slice }) => slice);
  return ledSlices(header, slices).map((slice, rank) => ({ node: ranks[rank].node, slice }));
}
