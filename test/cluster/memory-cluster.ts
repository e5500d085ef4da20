// A cluster in one process: root and workers on the reference device, over memory links that can be slow, lossy and cut.

import { randomBytes } from 'node:crypto';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { nodeCrypto } from '../../node/links/node-crypto.ts';
import { nodeTimers } from '../../node/links/node-timers.ts';
import { Cluster, type ClusterEvent, type ClusterOptions } from '../../shared/cluster/cluster.ts';
import type { NodeHost } from '../../shared/cluster/host.ts';
import type { RosterEntry } from '../../shared/cluster/messages.ts';
import type { ChunkStore } from '../../shared/cluster/weights/chunk-store.ts';
import { memoryChunkStore } from '../../shared/cluster/weights/memory-chunk-store.ts';
import { WorkerSession } from '../../shared/cluster/worker-session.ts';
import type { Device } from '../../shared/device/device.ts';
import { watchedLink } from '../../shared/mesh/heartbeat.ts';
import { type MemoryLinks, memoryLinks } from '../../shared/mesh/memory-link.ts';
import type { Model } from '../../shared/model/model.ts';
import type { Bytes, PeerId } from '../../shared/units.ts';

export interface Wire {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly lossRate?: number;
}

export interface TestWorker {
  readonly id: PeerId;
  readonly session: WorkerSession;
  readonly store: ChunkStore;
  /** Ends it as kill -9 would: all its links close. */
  kill(): void;
  /** Pulls its cables: nothing arrives any more and nobody is told. */
  unplug(): void;
}

export interface TestCluster {
  readonly cluster: Cluster;
  readonly events: ClusterEvent[];
  /** Of the living, by id. */
  readonly workers: Map<PeerId, TestWorker>;
  /** Starts another worker and lets it join. */
  join(id: PeerId, options?: { readonly freeBytes?: Bytes; readonly store?: ChunkStore | undefined }): TestWorker;
  close(): Promise<void>;
}

export interface TestClusterOptions
  extends Partial<Pick<ClusterOptions, 'goal' | 'layouts' | 'syncType' | 'replicates' | 'slots' | 'maxTokens'>> {
  readonly workers: number;
  readonly wire?: Wire;
  readonly freeBytes?: Bytes;
  /** What each node says of its speed. */
  readonly bytesPerSecond?: number;
  /** And while all are measured at the same time. */
  readonly sharedBytesPerSecond?: number;
  /** How much longer a segment takes where ranks share layers: as if they shared a processor too. */
  readonly sharedMs?: number;
  /** Silence after which a peer is dead. */
  readonly deadAfterMs?: number;
}

const timers = nodeTimers;
/** One thread: the test's own. */
const device: Device = await nodeCpuDevice(1);

function hostOf(
  store: ChunkStore,
  freeBytes: Bytes,
  { bytesPerSecond = 1e9, sharedBytesPerSecond = bytesPerSecond, sharedMs = 0 }: TestClusterOptions,
): NodeHost {
  return {
    now: () => timers.now(),
    after: (ms, run) => timers.after(ms, run),
    crypto: nodeCrypto,
    device: sharedMs > 0 ? slowTogether(device, sharedMs) : device,
    threads: 1,
    measure: async () => ({ bytesPerSecond, macsPerSecond: 1e10 }),
    measureReading: async () => sharedBytesPerSecond,
    store,
    freeBytes: () => freeBytes,
    memoryBytes: () => 1e6,
  };
}

function slowTogether(fast: Device, ms: number): Device {
  return {
    ...fast,
    async load(program, weights, options) {
      const loaded = await fast.load(program, weights, options);
      if (program.segments.length === 1) return loaded;
      return {
        maxTokens: loaded.maxTokens,
        slots: loaded.slots,
        async run(...call) {
          await new Promise((resolve) => setTimeout(resolve, ms));
          return loaded.run(...call);
        },
        timings: () => loaded.timings(),
        close: () => loaded.close(),
      };
    },
  };
}

/** Nothing is planned yet: call `cluster.settle()`. */
export function testCluster(model: Model, options: TestClusterOptions): TestCluster {
  const { wire = {}, freeBytes = 1e12, deadAfterMs = 5000 } = options;
  const events: ClusterEvent[] = [];
  const cables = new Map<PeerId, Set<MemoryLinks>>();
  const connect = (a: PeerId, b: PeerId): MemoryLinks => {
    const links = memoryLinks({ ...wire, timers, names: [a, b] });
    for (const id of [a, b]) {
      const known = cables.get(id) ?? new Set();
      cables.set(id, known.add(links));
    }
    return links;
  };
  const watched = (link: MemoryLinks[0]) => watchedLink(link, { timers, intervalMs: deadAfterMs / 5, deadAfterMs });
  const workers = new Map<PeerId, TestWorker>();
  const cluster = new Cluster({
    host: hostOf(memoryChunkStore(nodeCrypto), freeBytes, options),
    model,
    modelName: model.source.name,
    hashes: new Map(),
    goal: options.goal ?? 'auto',
    layouts: options.layouts ?? { recall: async () => undefined, keep: async () => {} },
    syncType: options.syncType ?? 'f32',
    replicates: options.replicates ?? true,
    slots: options.slots ?? 2,
    maxTokens: options.maxTokens ?? 8,
    cluster: randomBytes(8).toString('hex'),
    onEvent: (event) => events.push(event),
  });
  const join: TestCluster['join'] = (
    id,
    { freeBytes: free = freeBytes, store = memoryChunkStore(nodeCrypto) } = {},
  ) => {
    const links = connect('root', id);
    const session = new WorkerSession({
      host: hostOf(store, free, options),
      root: watched(links[1]),
      async dialPeer(entry: RosterEntry, hello) {
        const target = workers.get(entry.id);
        if (!target) throw new Error('nobody answers');
        const pair = connect(id, entry.id);
        target.session.acceptPeer(watched(pair[1]), hello);
        return watched(pair[0]);
      },
      onEvent: () => {},
    });
    const each = (use: (links: MemoryLinks) => void): void => {
      workers.delete(id);
      for (const known of cables.get(id) ?? []) use(known);
    };
    const worker: TestWorker = {
      id,
      session,
      store,
      kill: () => each(([one, other]) => [one, other].map((link) => link.close())),
      unplug: () => each((known) => known.cut()),
    };
    workers.set(id, worker);
    cluster.admit({ id, host: id, port: 1 }, watched(links[0]));
    return worker;
  };
  for (let i = 1; i <= options.workers; i++) join(`w${i}`);
  return {
    cluster,
    events,
    workers,
    join,
    async close() {
      await cluster.close();
      for (const worker of workers.values()) worker.kill();
    },
  };
}
