// How long a token takes in a given layout: a model of decoding one sequence, with its assumptions. Knows speeds and
// links, no memory; the planner compares what it says, so that being right about the order is enough.
//
// Assumed: decoding is bound by reading weights, so macsPerSecond does not count. The sequence has as many positions as a
// chat's has in its middle. Between two sync points everyone waits for the slowest. All ranks of a stage talk at once,
// and the slowest link among them sets the pace. Nothing overlaps.

import type { ModelHeader } from '../model/header.ts';
import { type Bytes, type Milliseconds, type PeerId, rangeLength } from '../units.ts';
import { speedAmong } from './cut-stage.ts';
import type { LinkCapacity, NodeCapacity, SyncType } from './layout.ts';
import { cacheBytes, layerWeights, outputWeights } from './memory.ts';
import type { Slice } from './slice.ts';

/** A rank's own work to send and to receive a frame, beyond what a small frame's round trip has in it. */
const SOFTWARE_MS: Milliseconds = 0.03;
/** A question and half of an answer; of short contexts a quarter. */
const typicalPositions = (seqLen: number): number => Math.min(256, seqLen / 4);

export interface PlacedRank {
  readonly node: NodeCapacity;
  readonly slice: Slice;
}

export interface Prediction {
  readonly msPerToken: Milliseconds;
  readonly computeMs: Milliseconds;
  readonly syncMs: Milliseconds;
}

/** What sending costs: so long, and for each byte so much longer. */
export interface Hop {
  readonly latencyMs: Milliseconds;
  readonly msPerByte: Milliseconds;
}

export interface CostInputs {
  readonly header: ModelHeader;
  readonly root: PeerId;
  readonly links: (a: PeerId, b: PeerId) => LinkCapacity;
  readonly syncType: SyncType;
  readonly allReduceMs: ((ranks: readonly PeerId[], bytes: Bytes) => Milliseconds) | undefined;
  /** By way of the first rank. */
  readonly starMs: ((ranks: readonly PeerId[], bytes: Bytes) => Milliseconds) | undefined;
}

/** One decode token through all stages, the control frames before it and the answers after it. */
export function predict(inputs: CostInputs, stages: readonly (readonly PlacedRank[])[]): Prediction {
  let computeMs = 0;
  let syncMs = 0;
  for (const [index, ranks] of stages.entries()) {
    computeMs += stageComputeMs(inputs.header, ranks);
    syncMs += stageSyncMs(inputs, ranks);
    const next = stages[index + 1];
    if (next) syncMs += hopMs(inputs, ranks, next);
  }
  syncMs += controlMs(inputs, stages.flat());
  return { msPerToken: computeMs + syncMs, computeMs, syncMs };
}

/**
 * The all-reduces of a stage: two a layer, or one where ranks compute half of it in full. With a leader it is one by star,
 * and half of one more before the output matrix.
 */
export function stageSyncMs(inputs: CostInputs, ranks: readonly PlacedRank[]): Milliseconds {
  const [{ slice }] = ranks;
  const ids = ranks.map(({ node }) => node.id);
  if (slice.led) return (rangeLength(slice.layers) + 0.5) * starMs(inputs, ids);
  return (slice.replicated ? 1 : 2) * rangeLength(slice.layers) * allReduceMs(inputs, ids);
}

/**
 * Attention, feed-forward and the output matrix each take as long as the slowest rank; weights and cache are read once. A
 * leader is alone with the attention.
 */
export function stageComputeMs(header: ModelHeader, ranks: readonly PlacedRank[]): Milliseconds {
  const weights = layerWeights(header, header.activeExperts);
  const kvHead = weights.kvHead + cacheBytes(header, typicalPositions(header.seqLen));
  const output = outputWeights(header);
  const [layers, last] = [rangeLength(ranks[0].slice.layers), ranks[0].slice.layers.end === header.layers];
  let [attention, feedForward, logits] = [0, 0, 0];
  for (const { node, slice } of ranks) {
    const msOf = (bytes: Bytes, among = ranks.length): Milliseconds =>
      bytes === 0 ? 0 : (1000 * bytes) / speedAmong(node, among);
    const { heads, kvHeads, hidden, vocabulary, led } = slice;
    if (led !== 'follower') {
      const bytes = weights.fixed + weights.head * rangeLength(heads) + kvHead * rangeLength(kvHeads);
      attention = Math.max(attention, msOf(bytes, led ? 1 : ranks.length));
    }
    feedForward = Math.max(feedForward, msOf(weights.column * rangeLength(hidden)));
    if (last) logits = Math.max(logits, msOf(output.norm + output.row * rangeLength(vocabulary)));
  }
  return layers * (attention + feedForward) + logits;
}

/** Of a token's vector, as it travels. */
const vectorBytes = ({ header, syncType }: CostInputs): Bytes => header.dim * (syncType === 'f32' ? 4 : 34 / 32);

/** One all-reduce of a token's vector: as measured if it was, else what the best algorithm should take. */
export function allReduceMs(inputs: CostInputs, ranks: readonly PeerId[]): Milliseconds {
  if (ranks.length < 2) return 0;
  const bytes = vectorBytes(inputs);
  const measured = inputs.allReduceMs?.(ranks, bytes);
  if (measured !== undefined && measured >= 0) return measured;
  const pairs = ranks.flatMap((a, i) => ranks.slice(i + 1).map((b) => inputs.links(a, b)));
  return fastestAllReduceMs(ranks.length, bytes, slowestHop(pairs));
}

/** The same by way of the first rank. */
function starMs(inputs: CostInputs, ranks: readonly PeerId[]): Milliseconds {
  const bytes = vectorBytes(inputs);
  const measured = inputs.starMs?.(ranks, bytes);
  if (measured !== undefined && measured >= 0) return measured;
  const [leader, ...others] = ranks;
  return throughHubMs(ranks.length, bytes, slowestHop(others.map((id) => inputs.links(leader, id))));
}

const throughHubMs = (n: number, bytes: Bytes, { latencyMs, msPerByte }: Hop): Milliseconds =>
  2 * (latencyMs + (n - 1) * bytes * msPerByte);

/** The least of what five algorithms take for `n` ranks; their hops and bytes are in shared/collective/all-reduce.ts. */
export function fastestAllReduceMs(n: number, bytes: Bytes, hop: Hop): Milliseconds {
  const { latencyMs: lat, msPerByte } = hop;
  const whole = bytes * msPerByte;
  const doublings = Math.floor(Math.log2(n));
  return Math.min(
    lat + (n - 1) * whole, // all to all
    2 * lat + ((2 * (n - 1)) / n) * whole, // reduce-scatter, all-gather
    (doublings + (n === 2 ** doublings ? 0 : 2)) * (lat + whole), // recursive doubling, with two hops for the odd ones
    throughHubMs(n, bytes, hop), // star
    2 * (n - 1) * (lat + whole / n), // ring
  );
}

/** The worst latency and the worst bandwidth, even if not of the same link: both kinds of frames have to wait. */
export function slowestHop(links: readonly LinkCapacity[]): Hop {
  let [latencyMs, msPerByte] = [0, 0];
  for (const link of links) {
    // A measurement that makes no sense is a link that nobody should use.
    const trip = link.roundTripMs >= 0 ? link.roundTripMs : Number.POSITIVE_INFINITY;
    latencyMs = Math.max(latencyMs, trip / 2 + SOFTWARE_MS);
    msPerByte = Math.max(msPerByte, 1000 / (link.bytesPerSecond > 0 ? link.bytesPerSecond : 0));
  }
  return { latencyMs, msPerByte };
}

/** The residual stream, two bytes a value, from a stage's first rank to the farthest of the next. */
function hopMs({ header, links }: CostInputs, from: readonly PlacedRank[], to: readonly PlacedRank[]): Milliseconds {
  const { latencyMs, msPerByte } = slowestHop(to.map(({ node }) => links(from[0].node.id, node.id)));
  return latencyMs + 2 * header.dim * msPerByte;
}

/** The step goes out to all ranks and candidates come back: a round trip to the farthest, unless the root is alone. */
function controlMs({ root, links }: CostInputs, ranks: readonly PlacedRank[]): Milliseconds {
  const others = ranks.filter(({ node }) => node.id !== root).map(({ node }) => links(root, node.id));
  return others.length === 0 ? 0 : 2 * slowestHop(others).latencyMs;
}
