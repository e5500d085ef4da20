// What the counts of all nodes say about the network of a run: totals, percentiles, the slowest link, and warnings.
// Numbers for JSON and for the printed report, which rounds them.

import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import {
  mergeNetworkSnapshots,
  NETWORK_OPERATIONS,
  type NetworkOperation,
  type NetworkSnapshot,
  type OperationSnapshot,
  type StepTimes,
} from './network.ts';
import { type LinkData, linksBetween } from './network-links.ts';
import { stallWarnings } from './network-stalls.ts';
import { type TimesData, timesData } from './times-data.ts';

export interface NetworkFigures {
  readonly nodes: number;
  /** Lines that say who computes what. */
  readonly layout: readonly string[];
  /** What each node counted in `wallMs`, the root first; `node` as its peers name it. Weights may be from before. */
  readonly byNode: readonly { readonly node: PeerId; readonly snapshot: NetworkSnapshot }[];
  readonly wallMs: Milliseconds;
}

export interface OperationData extends TimesData {
  /** What every node counted, sent and received: a byte between two nodes may be in here twice. */
  readonly bytes: Bytes;
  readonly longestWith?: PeerId;
}

export interface StepData extends StepTimes {
  readonly computeMsPerToken: Milliseconds;
  readonly syncMsPerToken: Milliseconds;
  /** Of both together, from 0 to 1. */
  readonly computeShare: number;
  readonly syncShare: number;
}

/** Both kinds of synchronisation, what a token waits for. */
const SYNCS = ['SYNC_NODE_SLICES', 'SYNC_WITH_ROOT'] as const;

export type NetworkData = ReturnType<typeof networkData>;

export function networkData({ nodes, byNode, wallMs }: NetworkFigures) {
  const merged = mergeNetworkSnapshots(byNode.map(({ snapshot }) => snapshot));
  const links = linksBetween(byNode);
  const bytes = trafficBytes(merged, links);
  return {
    nodes,
    wallMs,
    /** Without weights; a byte counts once. */
    bytes,
    bytesPerSecond: wallMs > 0 ? (bytes / wallMs) * 1000 : 0,
    ...countsData(merged),
    /** The slowest first. */
    links,
    /** Where there is more than one. */
    ...(links.length > 1 ? { slowestLink: links[0] } : {}),
    warnings: stallWarnings(merged),
    byNode: byNode.map(({ node, snapshot }) => ({
      node,
      ...countsData(snapshot),
      links: snapshot.links.map((link) => ({ ...link, waits: timesData([link.waits]) })),
    })),
  };
}

/** Of one node, or of all together. */
function countsData({ operations, steps }: NetworkSnapshot) {
  const data: Partial<Record<NetworkOperation, OperationData>> = {};
  for (const name of NETWORK_OPERATIONS) {
    const one = operations[name];
    if (one) data[name] = { ...operationData([one]), ...(one.longest ? { longestWith: one.longest.peer } : {}) };
  }
  return {
    operations: data,
    syncs: operationData(SYNCS.flatMap((name) => operations[name] ?? [])),
    steps: { evaluation: stepData(steps.evaluation), prediction: stepData(steps.prediction) },
  };
}

function operationData(operations: readonly OperationSnapshot[]): OperationData {
  const times = operations.flatMap(({ sizes }) => sizes.map(([, histogram]) => histogram));
  return { bytes: operations.reduce((sum, { bytes }) => sum + bytes, 0), ...timesData(times) };
}

function stepData(times: StepTimes): StepData {
  const { tokens, computeMs, syncMs } = times;
  const both = computeMs + syncMs;
  return {
    ...{ tokens, computeMs, syncMs },
    computeMsPerToken: tokens > 0 ? computeMs / tokens : 0,
    syncMsPerToken: tokens > 0 ? syncMs / tokens : 0,
    computeShare: both > 0 ? computeMs / both : 0,
    syncShare: both > 0 ? syncMs / both : 0,
  };
}

/** What went over the network in steps, counted once. Where nobody counted by link, operations tell. */
function trafficBytes({ operations }: NetworkSnapshot, links: readonly LinkData[]): Bytes {
  const byLinks = links.reduce((sum, { sentBytes, receivedBytes }) => sum + sentBytes + receivedBytes, 0);
  if (byLinks > 0) return byLinks;
  const { SYNC_NODE_SLICES, SYNC_WITH_ROOT, CONTROL } = operations;
  // All ranks count an all-reduce, so what one has sent another has received; the others are counted at one end.
  return (SYNC_NODE_SLICES?.bytes ?? 0) / 2 + (SYNC_WITH_ROOT?.bytes ?? 0) + (CONTROL?.bytes ?? 0);
}
