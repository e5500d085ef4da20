// Counts what a node does on the network and how much of its steps it waits for that. Knows no links and no clock: it is
// told bytes and times. Snapshots are data, so that nodes can send them to the root, where they add up.

import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { Histogram, type HistogramSnapshot } from './histogram.ts';

/**
 * `SYNC_NODE_SLICES`: an all-reduce between ranks, from having the partial result to having the sum. `SYNC_WITH_ROOT`:
 * from a step to its answer and from stage to stage, without the computing. `WEIGHTS`: a node's weights. `CONTROL`: the
 * rest.
 */
export const NETWORK_OPERATIONS = ['SYNC_NODE_SLICES', 'SYNC_WITH_ROOT', 'WEIGHTS', 'CONTROL'] as const;
export type NetworkOperation = (typeof NETWORK_OPERATIONS)[number];

export const STEP_PHASES = ['evaluation', 'prediction'] as const;
export type StepPhase = (typeof STEP_PHASES)[number];

export interface LinkSpeed {
  readonly roundTripMs: Milliseconds;
  readonly bytesPerSecond: number;
}

export interface OperationSnapshot {
  readonly bytes: Bytes;
  /** Durations in ms by size: [n, those of 2ⁿ bytes up to 2ⁿ⁺¹]. Whoever looks for stalls compares equals only. */
  readonly sizes: readonly (readonly [number, HistogramSnapshot])[];
  /** With whom the longest took place, of those that were with one peer. */
  readonly longest?: { readonly peer: PeerId; readonly ms: Milliseconds };
}

export interface LinkSnapshot {
  readonly peer: PeerId;
  readonly sentBytes: Bytes;
  readonly receivedBytes: Bytes;
  /** How long receives waited for the peer, in ms. */
  readonly waits: HistogramSnapshot;
  readonly speed?: LinkSpeed;
}

export interface StepTimes {
  readonly tokens: number;
  readonly computeMs: Milliseconds;
  readonly syncMs: Milliseconds;
}

export interface NetworkSnapshot {
  readonly operations: Readonly<Partial<Record<NetworkOperation, OperationSnapshot>>>;
  readonly links: readonly LinkSnapshot[];
  readonly steps: Readonly<Record<StepPhase, StepTimes>>;
}

interface OperationCount {
  bytes: Bytes;
  readonly sizes: Map<number, Histogram>;
  longest: OperationSnapshot['longest'];
}

interface LinkCount {
  sentBytes: Bytes;
  receivedBytes: Bytes;
  readonly waits: Histogram;
  speed: LinkSpeed | undefined;
}

export class NetworkRecorder {
  private readonly operations = new Map<NetworkOperation, OperationCount>();
  private readonly links = new Map<PeerId, LinkCount>();
  private steps = noSteps();

  /** `bytes`: sent and received by this node. `peer`: if it was with one only. */
  record(
    operation: NetworkOperation,
    { peer, bytes, ms }: { readonly peer?: PeerId | undefined; readonly bytes: Bytes; readonly ms: Milliseconds },
  ): void {
    const count = this.operation(operation);
    count.bytes += bytes;
    timesOf(count, bytes < 1 ? 0 : Math.floor(Math.log2(bytes))).add(ms);
    if (peer !== undefined) count.longest = longer(count.longest, { peer, ms });
  }

  /** Traffic of steps; weights count as `WEIGHTS` only. `waitMs`: of a receive, so leave it out where none was. */
  recordLink(
    peer: PeerId,
    traffic: { readonly sentBytes?: Bytes; readonly receivedBytes?: Bytes; readonly waitMs?: Milliseconds },
  ): void {
    const link = this.link(peer);
    link.sentBytes += traffic.sentBytes ?? 0;
    link.receivedBytes += traffic.receivedBytes ?? 0;
    if (traffic.waitMs !== undefined) link.waits.add(traffic.waitMs);
  }

  /** As last measured. */
  setLink(peer: PeerId, { roundTripMs, bytesPerSecond }: LinkSpeed): void {
    this.link(peer).speed = { roundTripMs, bytesPerSecond };
  }

  recordStep({ phase, tokens, computeMs, syncMs }: StepTimes & { readonly phase: StepPhase }): void {
    this.steps[phase] = addSteps(this.steps[phase], { tokens, computeMs, syncMs });
  }

  /** Adds what another node, or this one before, has counted; in which order does not matter. */
  merge({ operations, links, steps }: NetworkSnapshot): void {
    for (const name of NETWORK_OPERATIONS) {
      const more = operations[name];
      if (!more) continue;
      const count = this.operation(name);
      count.bytes += more.bytes;
      for (const [size, times] of more.sizes) timesOf(count, size).merge(times);
      if (more.longest) count.longest = longer(count.longest, more.longest);
    }
    for (const { peer, sentBytes, receivedBytes, waits, speed } of links) {
      const link = this.link(peer);
      link.sentBytes += sentBytes;
      link.receivedBytes += receivedBytes;
      link.waits.merge(waits);
      if (speed) link.speed = slowerSpeed(link.speed, speed);
    }
    for (const phase of STEP_PHASES) this.steps[phase] = addSteps(this.steps[phase], steps[phase]);
  }

  snapshot(): NetworkSnapshot {
    const operations: Partial<Record<NetworkOperation, OperationSnapshot>> = {};
    for (const [name, { bytes, sizes, longest }] of this.operations) {
      const times = [...sizes].map(([size, histogram]) => [size, histogram.snapshot()] as const);
      operations[name] = { bytes, sizes: times, ...(longest ? { longest } : {}) };
    }
    const links = [...this.links].map(([peer, { sentBytes, receivedBytes, waits, speed }]) => {
      return { peer, sentBytes, receivedBytes, waits: waits.snapshot(), ...(speed ? { speed } : {}) };
    });
    return { operations, links, steps: { ...this.steps } };
  }

  /** Forgets all counts. How fast links are stays known: they are measured when they open. */
  reset(): void {
    this.operations.clear();
    const speeds = [...this.links];
    this.links.clear();
    for (const [peer, { speed }] of speeds) if (speed) this.setLink(peer, speed);
    this.steps = noSteps();
  }

  private operation(name: NetworkOperation): OperationCount {
    return entry(this.operations, name, () => ({ bytes: 0, sizes: new Map(), longest: undefined }));
  }

  private link(peer: PeerId): LinkCount {
    return entry(this.links, peer, () => ({
      sentBytes: 0,
      receivedBytes: 0,
      waits: new Histogram(),
      speed: undefined,
    }));
  }
}

/** As if all had been recorded in one place. */
export function mergeNetworkSnapshots(snapshots: Iterable<NetworkSnapshot>): NetworkSnapshot {
  const recorder = new NetworkRecorder();
  for (const snapshot of snapshots) recorder.merge(snapshot);
  return recorder.snapshot();
}

/** The slower of both, in each respect. */
export function slowerSpeed(a: LinkSpeed | undefined, b: LinkSpeed): LinkSpeed {
  return {
    roundTripMs: Math.max(a?.roundTripMs ?? 0, b.roundTripMs),
    bytesPerSecond: Math.min(a?.bytesPerSecond ?? Number.POSITIVE_INFINITY, b.bytesPerSecond),
  };
}

function noSteps(): Record<StepPhase, StepTimes> {
  const none = { tokens: 0, computeMs: 0, syncMs: 0 };
  return { evaluation: none, prediction: none };
}

const addSteps = (a: StepTimes, b: StepTimes): StepTimes => ({
  tokens: a.tokens + b.tokens,
  computeMs: a.computeMs + b.computeMs,
  syncMs: a.syncMs + b.syncMs,
});

const timesOf = ({ sizes }: OperationCount, size: number): Histogram => entry(sizes, size, () => new Histogram());

/** What the map has there, put there first if need be. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

type Longest = NonNullable<OperationSnapshot['longest']>;

/** Of equals the first by name, so that the order of merging does not matter. */
function longer(a: Longest | undefined, b: Longest): Longest {
  if (!a) return b;
  return b.ms > a.ms || (b.ms === a.ms && b.peer < a.peer) ? b : a;
}
