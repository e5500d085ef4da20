// Answers calls of other nodes over TCP. Whoever cannot prove the cluster's key costs little and is soon gone; who can is
// handed on.

import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress } from '../../shared/mesh/address.ts';
import { acceptHandshake, type HandshakeOptions, Refusal } from '../../shared/mesh/handshake.ts';
import { PeerBusyError } from '../../shared/mesh/handshake-errors.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import { refusalLog } from '../../shared/mesh/refusal-log.ts';
import { listenError, NetworkFailedError } from './tcp-errors.ts';
import { tcpLink } from './tcp-link.ts';

export interface ListenOptions extends Omit<HandshakeOptions, 'hello'> {
  /** Loopback unless said otherwise: to be open to the network is the user's decision. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
  /** A function, where it changes. */
  readonly hello: Hello | (() => Hello);
  /** Called for each peer that has proved itself. Its frames wait until the link is given a handler. */
  onPeer(link: Link, hello: Hello): void;
  /** Takes one line for each caller that was turned away, or a sum if there are many. */
  log(line: string): void;
  /** So many may be proving themselves at a time; others are told to come again. */
  readonly mostInHandshake?: number;
}

export interface Listener {
  readonly address: Address;
  /** Answers nobody any more. Links that were handed on stay. */
  close(): Promise<void>;
}

export async function listenTcp(options: ListenOptions): Promise<Listener> {
  const { host = '127.0.0.1', port, hello, timers, onPeer, log, mostInHandshake = 64 } = options;
  const refusals = refusalLog(log, timers);
  const inHandshake = new Set<Link>();
  let isClosing = false;

  const answer = (socket: Socket): void => {
    const link = tcpLink(socket, callerOf(socket));
    if (inHandshake.size >= mostInHandshake) {
      link.send(Uint8Array.of(Refusal.busy));
      link.close();
      refusals.add(new PeerBusyError('this machine'));
      return;
    }
    inHandshake.add(link);
    acceptHandshake(link, { ...options, hello: typeof hello === 'function' ? hello() : hello })
      .finally(() => inHandshake.delete(link))
      .then(
        (theirs) => onPeer(link, theirs),
        (error: Error) => isClosing || refusals.add(error),
      );
  };

  const server = createServer({ noDelay: true, allowHalfOpen: true }, answer);
  await listening(server, { host, port });
  // Such as too many open files: it may be better in a moment.
  server.on('error', (error) => refusals.add(new NetworkFailedError('answer callers on', { host, port }, error)));
  const bound = server.address();
  return {
    address: { host, port: typeof bound === 'object' && bound ? bound.port : port },
    async close() {
      isClosing = true;
      for (const link of inHandshake) link.close();
      server.close(); // Its callback would wait for the links that were handed on.
      refusals.flush();
    },
  };
}

const listening = (server: Server, address: Address): Promise<void> =>
  new Promise((resolve, reject) => {
    const onError = (cause: Error): void => reject(listenError(address, cause));
    server.once('error', onError);
    server.listen(address, () => {
      server.off('error', onError);
      resolve();
    });
  });

function callerOf(socket: Socket): string {
  const { remoteAddress: host, remotePort: port } = socket;
  if (host === undefined || port === undefined) return 'a caller that left at once';
  return formatAddress({ host: host.replace(/^::ffff:/, ''), port });
}
