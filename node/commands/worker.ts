// `shoal worker`: lends this machine to a root, and when that is gone, to the next.

import { join } from 'node:path';
import type { NodeHost } from '../../shared/cluster/host.ts';
import type { RosterEntry } from '../../shared/cluster/messages.ts';
import { type WorkerEvent, WorkerSession } from '../../shared/cluster/worker-session.ts';
import { type Address, formatAddress, parseAddress } from '../../shared/mesh/address.ts';
import { watchedLink } from '../../shared/mesh/heartbeat.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import type { NodeMesh } from '../links/node-mesh.ts';
import type { Listener } from '../links/tcp-listener.ts';
import { cacheFolder } from '../storage/cache-folder.ts';
import { diskChunkStore } from '../storage/chunk-store.ts';
import { clusterKey } from '../storage/cluster-key.ts';
import type { Arguments, Surroundings } from './command.ts';
import { failureOf } from './failure.ts';
import { INTERRUPTED } from './interrupts.ts';
import { nodeHost, nodeName } from './node-host.ts';
import type { OptionValues } from './options.ts';
import { progressBar } from './progress-bar.ts';
import { DEFAULT_PORT } from './root-options.ts';

/** Between two calls to a root that does not answer. */
const RETRY_MS = 3000;
/** Weights of some models; more goes, the longest unused first. */
const CACHE_BYTES = 64e9;

export async function worker({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const mesh = await surroundings.mesh();
  const key = Buffer.from(await clusterKey(options.key));
  const store = await diskChunkStore(join(options.cache ?? cacheFolder(), 'weights'), mesh.crypto);
  await store.trim(CACHE_BYTES);
  const host = await nodeHost(options, mesh, store, surroundings);
  const lender = new Lender(mesh, key, host, surroundings);
  const interrupted = new Promise<void>((resolve) => void surroundings.onInterrupt(resolve));
  const waits = options.host !== undefined || options.port !== undefined;
  const serving = waits ? lender.waitForRoots(options) : lender.callRoots(options);
  await Promise.race([serving, interrupted]);
  return INTERRUPTED;
}

class Lender {
  private readonly mesh: NodeMesh;
  private readonly key: Uint8Array;
  private readonly host: NodeHost;
  private readonly surroundings: Surroundings;
  private session: WorkerSession | undefined;

  constructor(mesh: NodeMesh, key: Uint8Array, host: NodeHost, surroundings: Surroundings) {
    this.mesh = mesh;
    this.key = key;
    this.host = host;
    this.surroundings = surroundings;
  }

  /** Never resolves. */
  async waitForRoots({ host, port = DEFAULT_PORT }: OptionValues): Promise<void> {
    const listener = await this.listen(host ?? '127.0.0.1', port);
    this.say(`Waiting for a root at ${formatAddress(listener.address)}; it calls with --workers`);
    await new Promise(() => {});
  }

  /** Never resolves. */
  async callRoots(options: OptionValues): Promise<void> {
    for (let said = ''; ; ) {
      const address = options.join === undefined ? await this.findRoot() : parseAddress(options.join, DEFAULT_PORT);
      try {
        await this.serveRootAt(address);
        said = '';
      } catch (error) {
        const { line } = failureOf(error);
        if (line !== said) this.say(`${line}; trying again every ${RETRY_MS / 1000} s`);
        said = line;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private findRoot(): Promise<Address> {
    this.say(
      'Looking for a root on the local network (one that was started with --accept); --join HOST:PORT calls one',
    );
    return new Promise((resolve) => {
      const stop = this.mesh.findRoots(
        (address) => {
          stop();
          resolve(address);
        },
        (why) => this.say(`Cannot look around on the network: ${why}; use --join HOST:PORT`),
      );
    });
  }

  /** Until the root is gone. */
  private async serveRootAt(address: Address): Promise<void> {
    // Other workers reach this one where the root does, so the listener is there before the root hears of its port.
    const listener = await this.listen(await this.mesh.localAddressTowards(address), 0);
    try {
      const { link } = await this.mesh.dial({
        ...address,
        ...this.handshake({ role: 'worker', name: nodeName(), port: listener.address.port }),
      });
      await this.serve(link);
    } finally {
      await listener.close();
    }
  }

  private listen(host: string, port: number): Promise<Listener> {
    return this.mesh.listen({
      host,
      port,
      ...this.handshake({ role: 'worker', name: nodeName() }),
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
    } else if (hello.role !== 'root' || this.session) {
      this.say(`Turned ${link.peer} away: ${this.session ? 'there is a root already' : 'it is no root'}`);
      link.close();
    } else {
      this.serve(link).catch((error) => this.say(failureOf(error).line));
    }
  }

  private async serve(link: Link): Promise<void> {
    this.say(`Serving the root ${link.peer}`);
    using display = sessionDisplay((line) => this.say(line), this.surroundings);
    this.session = new WorkerSession({
      host: this.host,
      root: this.watched(link),
      dialPeer: async ({ host, port }: RosterEntry, { cluster, id }) => {
        const peer = await this.mesh.dial({ host, port, ...this.handshake({ role: 'peer', cluster, id }) });
        return this.watched(peer.link);
      },
      onEvent: display.show,
    });
    const reason = await this.session.ended;
    this.session = undefined;
    this.say(`The root is gone (${reason.message}); waiting for the next`);
  }

  private watched(link: Link): Link {
    return watchedLink(link, { timers: this.mesh.timers });
  }

  private say(line: string): void {
    this.surroundings.notes.write(`${line}\n`);
  }
}

function sessionDisplay(say: (line: string) => void, { notes }: Surroundings) {
  let bar: ReturnType<typeof progressBar> | undefined;
  const clear = (): void => {
    bar?.clear();
    bar = undefined;
  };
  return {
    show(event: WorkerEvent): void {
      if (event.type === 'loading') {
        bar ??= progressBar(`Receiving ${event.model}`, 'MB', 1e6, notes);
        bar.update(event.done, event.total);
        return;
      }
      clear();
      say(event.type === 'ready' ? `Ready: ${event.model}, ${event.place}` : `Failed: ${event.message}`);
    },
    [Symbol.dispose]: clear,
  };
}
