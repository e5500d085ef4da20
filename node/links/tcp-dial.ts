// Calls another node over TCP: connects, then has both ends prove themselves.

import { connect } from 'node:net';
import { type Address, formatAddress } from '../../shared/mesh/address.ts';
import { dialHandshake, HANDSHAKE_TIMEOUT_MS, type HandshakeOptions } from '../../shared/mesh/handshake.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import type { Milliseconds } from '../../shared/units.ts';
import { dialError, NoAnswerError } from './tcp-errors.ts';
import { tcpLink } from './tcp-link.ts';

/** `timeoutMs` is for connecting, and again for the handshake. */
export interface DialOptions extends HandshakeOptions, Address {}

/** The link lets frames wait until it is given a handler. */
export async function dialTcp(options: DialOptions): Promise<{ link: Link; hello: Hello }> {
  const { host, port, timeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const link = await connected({ host, port }, timeoutMs);
  return { link, hello: await dialHandshake(link, options) };
}

function connected(address: Address, timeoutMs: Milliseconds): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error): void => fail(dialError(address, cause));
    const timer = setTimeout(() => fail(new NoAnswerError(address)), timeoutMs);
    socket.on('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(tcpLink(socket, formatAddress(address)));
    });
  });
}
