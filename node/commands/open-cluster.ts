// Brings a model onto a cluster that this node leads: finds the workers, plans, loads, and tells a person what happens.

import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { Cluster } from '../../shared/cluster/cluster.ts';
import { ROOT_ID } from '../../shared/cluster/messages.ts';
import { memoryChunkStore } from '../../shared/cluster/weights/memory-chunk-store.ts';
import { ShoalError } from '../../shared/errors.ts';
import type { MemoryUse } from '../../shared/measure/report.ts';
import type { NetworkFigures } from '../../shared/measure/report-network.ts';
import { type Address, formatAddress, parseAddress } from '../../shared/mesh/address.ts';
import { watchedLink } from '../../shared/mesh/heartbeat.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import type { PeerId } from '../../shared/units.ts';
import type { NodeMesh } from '../links/node-mesh.ts';
import type { Listener } from '../links/tcp-listener.ts';
import { cacheFolder } from '../storage/cache-folder.ts';
import { diskHashCache, fileFingerprint } from '../storage/chunk-store-hashes.ts';
import { clusterKey } from '../storage/cluster-key.ts';
import { diskLayoutMemory } from '../storage/layout-files.ts';
import { ClusterDisplay } from './cluster-display.ts';
import type { ModelSurroundings } from './command.ts';
import type { ModelFiles } from './model-files.ts';
import { nodeHost, nodeName } from './node-host.ts';
import { PROGRAM } from './program-name.ts';
import { assertReachable, DEFAULT_PORT, layoutGoal, nodesWanted, type RootOptions } from './root-options.ts';

const REDIAL_MS = 3000;
/** How long --nodes waits. */
const GATHER_MS = 120_000;

class TooFewNodesError extends ShoalError {
  readonly blame = 'runtime';

  constructor(wanted: number, found: number) {
    super(
      `Only ${found} of ${wanted} nodes came within ${GATHER_MS / 1000} s; start more workers or give a smaller --nodes`,
    );
  }
}

class NoWorkerError extends ShoalError {
  readonly blame = 'runtime';

  constructor(address: string) {
    super(`${address} is no worker that waits for a root; start one there with: ${PROGRAM} worker --host … --port …`);
  }
}

export interface ClusterFigures {
  readonly network: NetworkFigures;
  readonly memory: readonly MemoryUse[];
}

export interface RunningCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly threads: number;
  /** What the nodes counted since the last time, and the memory that they take. */
  figures(): Promise<ClusterFigures>;
}

export async function startCluster(
  { header, model, paths }: ModelFiles,
  options: RootOptions,
  maxTokens: number,
  surroundings: ModelSurroundings,
): Promise<RunningCluster> {
  assertReachable(options);
  const goal = layoutGoal(options);
  const mesh = await surroundings.mesh();
  const key = await clusterKey(options.key);
  const host = await nodeHost(options, mesh, memoryChunkStore(mesh.crypto), surroundings);
  const hashCache = diskHashCache(cacheFolder());
  const fingerprint = await fileFingerprint(paths.model);
  const hashes = await hashCache.load(fingerprint);
  const knownBefore = hashes.size;
  const display = new ClusterDisplay(surroundings.notes);
  const syncType = options['buffer-float-type'] ?? 'q80';
  const replicates = options.replicate !== 'never';
  const slots = options.slots ?? 1;
  const purpose = JSON.stringify([fingerprint, goal, syncType, replicates, slots, maxTokens, header.seqLen]);
  const cluster = new Cluster({
    host,
    model: { ...model, header },
    modelName: basename(paths.model),
    hashes,
    goal,
    layouts: diskLayoutMemory(cacheFolder(), purpose),
    ...{ syncType, replicates, slots, maxTokens },
    cluster: randomBytes(16).toString('hex'),
    onEvent(event) {
      display.show(event);
      if (event.type === 'loading' && event.id === ROOT_ID) surroundings.onLoading?.(event.done / event.total);
    },
  });
  const gate = new Gatehouse(mesh, key, cluster, (line) => display.say(line), surroundings.onListening);
  try {
    await gate.open(options);
    await gate.gather(options);
    await cluster.settle();
    display.end();
    if (hashes.size > knownBefore) await hashCache.save(fingerprint, hashes);
  } catch (error) {
    display.end();
    await gate.close();
    await cluster.close();
    throw error;
  }
  const begun = performance.now();
  return {
    cluster,
    threads: host.threads,
    async figures() {
      const reports = await cluster.report();
      const nameOf = (id: PeerId): string => (id === ROOT_ID ? 'Root' : `Worker ${id}`);
      return {
        memory: reports.map(({ id, memoryBytes }) => ({ node: nameOf(id), bytes: memoryBytes })),
        network: {
          nodes: reports.length,
          layout: display.layout,
          byNode: reports.map(({ id, snapshot }) => ({ node: id, snapshot })),
          wallMs: performance.now() - begun,
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await gate.close();
      await cluster.close();
    },
  };
}

/** Where workers come in: those that are called, those that call, and those that come back. */
class Gatehouse {
  private readonly mesh: NodeMesh;
  private readonly key: string;
  private readonly cluster: Cluster;
  private readonly say: (line: string) => void;
  private readonly onListening: (address: Address) => void;
  private listener: Listener | undefined;
  private silence: (() => Promise<void>) | undefined;
  private closed = false;
  /** Workers that have told that they work for another root. */
  private readonly waitedFor = new Set<string>();
  private readonly redials = new Set<() => void>();
  private arrived = Promise.withResolvers<void>();

  constructor(
    mesh: NodeMesh,
    key: string,
    cluster: Cluster,
    say: (line: string) => void,
    onListening: ((address: Address) => void) | undefined,
  ) {
    this.onListening = onListening ?? ((address) => this.invite(address));
    this.mesh = mesh;
    this.key = key;
    this.cluster = cluster;
    this.say = say;
  }

  /** Rejects if a worker of --workers does not answer. */
  async open({ workers = [], accept }: RootOptions): Promise<void> {
    if (accept !== undefined) await this.listen(parseAddress(accept, DEFAULT_PORT, 0));
    const addresses = workers.map((text) => parseAddress(text, DEFAULT_PORT));
    for (const address of addresses) await this.call(address);
  }

  private async listen(address: Address): Promise<void> {
    this.listener = await this.mesh.listen({
      ...address,
      ...this.handshake({ role: 'root', name: nodeName() }),
      onPeer: (link, hello) => {
        if (hello.role === 'worker' && typeof hello.port === 'number')
          this.admit(link, hello, { host: hostOf(link), port: hello.port });
        else link.close();
      },
      log: this.say,
    });
    const { host, port } = this.listener.address;
    this.onListening(this.listener.address);
    if (!isLoopback(host)) {
      this.silence = this.mesh.announceRoot(port, (why) => this.say(`Cannot be found by multicast DNS: ${why}`));
    }
  }

  private invite({ host, port }: Address): void {
    const shown = host === '0.0.0.0' || host === '::' ? ownAddress() : host;
    this.say(`Workers join with: ${PROGRAM} worker --join ${formatAddress({ host: shown, port })} --key ${this.key}`);
  }

  private async call(address: Address): Promise<void> {
    const { link, hello } = await this.mesh.dial({ ...address, ...this.handshake({ role: 'root', name: nodeName() }) });
    link.onClose(() => this.callAgain(address));
    const shown = formatAddress(address);
    if (this.closed || hello.role !== 'worker' || hello.busy) {
      link.close();
      if (this.closed) return;
      if (hello.role !== 'worker') throw new NoWorkerError(shown);
      if (!this.waitedFor.has(shown)) this.say(`${shown} works for another root; waiting until it is free`);
      this.waitedFor.add(shown);
      return;
    }
    this.waitedFor.delete(shown);
    this.admit(link, hello, address);
  }

  /** Workers that were called come back when they are called again. */
  private callAgain(address: Address): void {
    if (this.closed) return;
    const callOff = this.mesh.timers.after(REDIAL_MS, () => {
      this.redials.delete(callOff);
      if (!this.closed) this.call(address).catch(() => this.callAgain(address));
    });
    this.redials.add(callOff);
  }

  private admit(link: Link, hello: Hello, address: Address): void {
    const name = typeof hello.name === 'string' && /^[\w.-]{1,40}$/.test(hello.name) ? hello.name : 'worker';
    const taken = new Set([ROOT_ID, ...this.cluster.memberIds]);
    let id = name;
    for (let count = 2; taken.has(id); count++) id = `${name}-${count}`;
    this.cluster.admit({ id, ...address }, watchedLink(link, { timers: this.mesh.timers }));
    this.arrived.resolve();
    this.arrived = Promise.withResolvers();
  }

  private handshake(hello: Hello) {
    const { crypto, timers } = this.mesh;
    return { crypto, timers, key: Buffer.from(this.key), hello };
  }

  async gather(options: RootOptions): Promise<void> {
    const wanted = nodesWanted(options);
    const found = (): number => this.cluster.memberIds.length + 1;
    const deadline = performance.now() + GATHER_MS;
    if (found() < wanted) this.say(`Waiting for ${wanted - found()} more ${wanted - found() === 1 ? 'node' : 'nodes'}`);
    while (found() < wanted) {
      const late = Promise.withResolvers<void>();
      const callOff = this.mesh.timers.after(Math.max(0, deadline - performance.now()), late.resolve);
      await Promise.race([this.arrived.promise, late.promise]);
      callOff();
      if (performance.now() >= deadline && found() < wanted) throw new TooFewNodesError(wanted, found());
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const callOff of this.redials) callOff();
    await this.silence?.();
    await this.listener?.close();
  }
}

/** Nobody else can reach it, so nobody else need hear of it. */
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** For people on other machines. Not a name: many home networks know none. */
function ownAddress(): string {
  const outer = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter((one) => !one.internal),
  );
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? nodeName();
}

const hostOf = (link: Link): string => parseAddress(link.peer, DEFAULT_PORT).host;
