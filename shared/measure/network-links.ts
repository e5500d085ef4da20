// The links of a run, a row for each two nodes, from what both of them counted.

import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import type { HistogramSnapshot } from './histogram.ts';
import { type LinkSnapshot, type LinkSpeed, type NetworkSnapshot, slowerSpeed } from './network.ts';
import { type TimesData, timesData } from './times-data.ts';

export interface LinkData {
  /** Sent by the first is received by the second. */
  readonly nodes: readonly [PeerId, PeerId];
  readonly sentBytes: Bytes;
  readonly receivedBytes: Bytes;
  /** Of the slower direction; absent if never measured. */
  readonly roundTripMs?: Milliseconds;
  readonly bytesPerSecond?: number;
  /** How long either waited for the other. */
  readonly waits: TimesData;
}

interface NodePair {
  readonly nodes: readonly [PeerId, PeerId];
  sentBytes: Bytes;
  receivedBytes: Bytes;
  speed: LinkSpeed | undefined;
  readonly waits: HistogramSnapshot[];
}

/** The slowest first: by how long receives wait, then by round trip. */
export function linksBetween(
  byNode: readonly { readonly node: PeerId; readonly snapshot: NetworkSnapshot }[],
): LinkData[] {
  const order = new Map(byNode.map(({ node }, i) => [node, i]));
  // Nodes that did not report, since they are gone, come last.
  const place = (node: PeerId): number => order.get(node) ?? byNode.length;
  const pairs = new Map<string, NodePair>();
  for (const { node, snapshot } of byNode) {
    for (const link of snapshot.links) {
      const first = place(node) < place(link.peer);
      const nodes = first ? ([node, link.peer] as const) : ([link.peer, node] as const);
      const key = JSON.stringify(nodes);
      const pair = pairs.get(key) ?? { nodes, sentBytes: 0, receivedBytes: 0, speed: undefined, waits: [] };
      pairs.set(key, pair);
      addEnd(pair, link, first);
    }
  }
  return [...pairs.values()]
    .map(linkData)
    .sort((a, b) => b.waits.meanMs - a.waits.meanMs || (b.roundTripMs ?? 0) - (a.roundTripMs ?? 0));
}

/** The count of the end that saw more: the other may have reported earlier, or not at all. */
function addEnd(pair: NodePair, { sentBytes, receivedBytes, waits, speed }: LinkSnapshot, first: boolean): void {
  pair.sentBytes = Math.max(pair.sentBytes, first ? sentBytes : receivedBytes);
  pair.receivedBytes = Math.max(pair.receivedBytes, first ? receivedBytes : sentBytes);
  pair.waits.push(waits);
  if (speed) pair.speed = slowerSpeed(pair.speed, speed);
}

function linkData({ nodes, sentBytes, receivedBytes, speed, waits }: NodePair): LinkData {
  return { nodes, sentBytes, receivedBytes, ...speed, waits: timesData(waits) };
}
