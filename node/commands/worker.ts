// `shoal worker`: lends this machine to a root, and when that is gone, to the next.

import { join } from 'node:path';
import type { NodeHost } from '../../shared/cluster/host.ts';
import type { RosterEntry } from '../../shared/cluster/messages.ts';
import { type WorkerEvent, WorkerSession } from '../../shared/cluster/worker-session.ts';
import { ShoalError } from '../../shared/errors.ts';
import { type Address, formatAddress, parseAddress } from '../../shared/mesh/address.ts';
import { WrongKeyError } from '../../shared/mesh/handshake-errors.ts';
import { type WatchedLink, watchedLink } from '../../shared/mesh/heartbeat.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import { LinkClosedError } from '../../shared/mesh/link-errors.ts';
import type { Bytes, Milliseconds } from '../../shared/units.ts';
import type { NodeMesh } from '../links/node-mesh.ts';
import type { Listener } from '../links/tcp-listener.ts';
import { cacheFolder } from '../storage/cache-folder.ts';
import { diskChunkStore } from '../storage/chunk-store.ts';
import { clusterKey } from '../storage/cluster-key.ts';
import type { Arguments, Surroundings } from './command.ts';
import { failureOf } from './failure.ts';
import { cancelOnInterrupt, INTERRUPTED } from './interrupts.ts';
import { nodeHost, nodeName } from './node-host.ts';
import type { OptionValues } from './options.ts';
import { type ProgressBar, progressBar } from './progress-bar.ts';
import { DEFAULT_PORT } from './root-options.ts';
import { ConflictingOptionsError } from './usage-errors.ts';

/** Between two calls to a root that does not answer. */
const RETRY_MS: Milliseconds = 3000;
/** Roots with another key are left alone for so long. */
const STRANGER_MS: Milliseconds = 30_000;
/** Weights of some models; more goes, the longest unused first. */
const CACHE_BYTES = 64e9;

class NoRootError extends ShoalError {
  readonly blame = 'runtime';

  constructor(address: string) {
    super(`${address} is no root; give the address that a root has said (--accept)`);
  }
}

export async function worker({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const waits = options.host !== undefined || options.port !== undefined;
  if (options.join !== undefined) {
    if (waits) throw new ConflictingOptionsError('join', options.host === undefined ? 'port' : 'host');
    parseAddress(options.join, DEFAULT_PORT);
  }
  const mesh = await surroundings.mesh();
  const key = Buffer.from(await clusterKey(options.key));
  const store = await diskChunkStore(join(options.cache ?? cacheFolder(), 'weights'), mesh.crypto);
  await store.trim(CACHE_BYTES);
  const host = await nodeHost(options, mesh, store, surroundings);
  await using lender = new Lender(mesh, key, host, surroundings);
  const interrupted = new Promise<void>((resolve) => {
    cancelOnInterrupt(surroundings, resolve);
    // The demo's workers end with the demo, however that ends.
    process.once('disconnect', resolve);
  });
  const serving = waits ? lender.waitForRoots(options) : lender.callRoots(options);
  await Promise.race([serving, interrupted]);
  return INTERRUPTED;
}

class Lender implements AsyncDisposable {
  private readonly mesh: NodeMesh;
  private readonly key: Uint8Array;
  private readonly host: NodeHost;
  private readonly surroundings: Surroundings;
  private session: WorkerSession | undefined;
  private rootLink: Link | undefined;
  private listener: Listener | undefined;
  private stopLooking = (): void => {};
  private closed = false;
  private wakeUp = (): void => {};
  /** Hosts of roots that were told that there is another: one line each is enough. */
  private readonly turnedAway = new Set<string>();
  /** Roots found on the network that have another key, and when they may be tried again. */
  private readonly strangers = new Map<string, Milliseconds>();

  constructor(mesh: NodeMesh, key: Uint8Array, host: NodeHost, surroundings: Surroundings) {
    this.mesh = mesh;
    this.key = key;
    this.host = host;
    this.surroundings = surroundings;
  }

  /** Never resolves. */
  async waitForRoots({ host, port = DEFAULT_PORT }: OptionValues): Promise<void> {
    this.listener = await this.listen(host ?? '127.0.0.1', port);
    this.say(`Waiting for a root at ${formatAddress(this.listener.address)}; it calls with --workers`);
    await new Promise(() => {});
  }

  /** Until it is closed. */
  async callRoots(options: OptionValues): Promise<void> {
    if (options.join === undefined) {
      this.say('Looking for a root on the local network, one with --accept 0.0.0.0:PORT; --join HOST:PORT calls one');
    }
    for (let said = ''; !this.closed; ) {
      const address = options.join === undefined ? await this.findRoot() : parseAddress(options.join, DEFAULT_PORT);
      let pauseMs = RETRY_MS;
      try {
        await this.serveRootAt(address);
        said = '';
      } catch (error) {
        if (error instanceof WrongKeyError) {
          // It says so each time, and so does the root: somebody has to do something about it first.
          pauseMs = options.join === undefined ? RETRY_MS : STRANGER_MS;
          this.strangers.set(formatAddress(address), performance.now() + STRANGER_MS);
        }
        const line = lineOf(error);
        if (line !== said) this.say(`${line} (trying again every ${pauseMs / 1000} s)`);
        said = line;
      }
      await this.pause(pauseMs);
    }
  }

  private pause(ms: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.mesh.timers.after(ms, resolve);
      this.wakeUp = () => {
        callOff();
        resolve();
      };
    });
  }

  private findRoot(): Promise<Address> {
    return new Promise((resolve) => {
      this.stopLooking = this.mesh.findRoots(
        (address) => {
          if ((this.strangers.get(formatAddress(address)) ?? 0) > performance.now()) return;
          this.stopLooking();
          resolve(address);
        },
        (why) => this.say(`Cannot look around on the network: ${why}; use --join HOST:PORT`),
      );
    });
  }

  /** Until the root is gone. */
  private async serveRootAt(address: Address): Promise<void> {
    // Other workers reach this one where the root does, so the listener is there before the root hears of its port.
    this.listener = await this.listen(await this.mesh.localAddressTowards(address), 0);
    try {
      const { link, hello } = await this.mesh.dial({
        ...address,
        ...this.handshake({ role: 'worker', name: nodeName(), port: this.listener.address.port }),
      });
      if (hello.role !== 'root') {
        link.close();
        throw new NoRootError(formatAddress(address));
      }
      await this.serve(link, hello);
    } finally {
      await this.listener.close();
    }
  }

  private listen(host: string, port: number): Promise<Listener> {
    return this.mesh.listen({
      host,
      port,
      ...this.handshake({ role: 'worker', name: nodeName() }),
      // Whoever calls meanwhile learns that it has to wait.
      hello: () => ({ role: 'worker', name: nodeName(), ...(this.session ? { busy: 1 } : {}) }),
      onPeer: (link, hello) => this.answer(link, hello),
      log: (line) => this.say(line),
    });
  }

  private handshake(hello: Hello) {
    const { crypto, timers } = this.mesh;
    return { crypto, timers, key: this.key, hello };
  }

  private answer(link: Link, hello: Hello): void {
    if (hello.role === 'peer') {
      if (this.session) this.session.acceptPeer(this.watched(link), hello);
      else link.close();
    } else if (hello.role !== 'root') {
      this.say(`Turned ${link.peer} away: it is no root; call it with a command that has --workers`);
      link.close();
    } else if (this.session) {
      const { host } = parseAddress(link.peer, DEFAULT_PORT);
      if (!this.turnedAway.has(host)) this.say(`A root on ${host} has to wait: another is served`);
      this.turnedAway.add(host);
      link.close();
    } else {
      this.serve(link, hello).catch((error) => this.say(lineOf(error)));
    }
  }

  private async serve(link: Link, hello: Hello): Promise<void> {
    if (this.closed) return link.close();
    const name = typeof hello.name === 'string' && /^[\w.-]{1,40}$/.test(hello.name) ? `${hello.name} at ` : '';
    this.say(`Serving the root ${name}${link.peer}`);
    using display = sessionDisplay((line) => this.say(line), this.surroundings);
    this.rootLink = link;
    try {
      this.session = new WorkerSession({
        host: this.host,
        root: this.watched(link),
        dialPeer: async ({ host, port }: RosterEntry, { cluster, id }) => {
          const peer = await this.mesh.dial({ host, port, ...this.handshake({ role: 'peer', cluster, id }) });
          return this.watched(peer.link);
        },
        onEvent: display.show,
      });
    } catch (error) {
      link.close();
      throw error;
    }
    const reason = await this.session.ended;
    this.session = undefined;
    this.rootLink = undefined;
    this.turnedAway.clear();
    if (this.closed) return;
    const how = reason instanceof LinkClosedError ? 'is done' : `is gone: ${reason.message.split(';')[0]}`;
    this.say(`The root ${how}; waiting for the next`);
  }

  private watched(link: Link): WatchedLink {
    return watchedLink(link, { timers: this.mesh.timers });
  }

  /** What roots and their models are called comes from outside and must not steer a terminal. */
  private say(line: string): void {
    this.surroundings.notes.write(`${line.replaceAll(/\p{Cc}/gu, ' ')}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    this.stopLooking();
    this.wakeUp();
    const { session } = this;
    this.rootLink?.close();
    await session?.ended;
    await this.listener?.close();
  }
}

const lineOf = (error: unknown): string => (error instanceof ShoalError ? error.message : failureOf(error).line);

function newsOf(event: Exclude<WorkerEvent, { type: 'loading' }>): string {
  switch (event.type) {
    case 'ready':
      return `Ready: ${event.model}, ${event.place}`;
    case 'spare':
      return 'Spare: the root is faster without this machine now, and takes it when another is lost';
    case 'failed':
      return `Failed: ${event.message}`;
  }
}

function sessionDisplay(say: (line: string) => void, { notes }: Surroundings) {
  let bar: { readonly shown: ProgressBar; readonly held: Bytes } | undefined;
  let said = '';
  const clear = (): void => {
    bar?.shown.clear();
    bar = undefined;
  };
  return {
    show(event: WorkerEvent): void {
      if (event.type === 'loading') {
        // What it has from earlier times is not received.
        bar ??= { shown: progressBar(`Receiving ${event.model}`, 'MB', 1e6, notes), held: event.done };
        if (event.total > bar.held) bar.shown.update(event.done - bar.held, event.total - bar.held);
        return;
      }
      clear();
      const line = newsOf(event);
      // What one chunk of weights fails of, the others that are on their way fail of too.
      if (line !== said) say(line);
      said = line;
    },
    [Symbol.dispose]: clear,
  };
}
