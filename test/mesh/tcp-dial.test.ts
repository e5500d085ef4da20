// Calls that reach nobody, ports that cannot be had, and what a user reads then.

import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '../../node/links/node-crypto.ts';
import { nodeTimers } from '../../node/links/node-timers.ts';
import { dialTcp } from '../../node/links/tcp-dial.ts';
import {
  AddressInUseError,
  ConnectionBrokenError,
  ConnectionRefusedError,
  dialError,
  HostNotFoundError,
  listenError,
  NetworkFailedError,
  NoAnswerError,
  NotOurAddressError,
  PortForbiddenError,
} from '../../node/links/tcp-errors.ts';
import { tcpLink } from '../../node/links/tcp-link.ts';
import { listenTcp } from '../../node/links/tcp-listener.ts';
import { ShoalError } from '../../shared/errors.ts';
import { HandshakeTimeoutError, NotShoalError } from '../../shared/mesh/handshake-errors.ts';
import { type Link, MAX_FRAME_BYTES } from '../../shared/mesh/link.ts';
import { tcpPair } from './tcp-pair.ts';

const common = { crypto: nodeCrypto, key: Buffer.from('key'), hello: { name: 'test' }, timers: nodeTimers };
const listening = { ...common, host: '127.0.0.1', onPeer: (link: Link) => link.close(), log: () => {} };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that is not Shoal: `greeting` is all it says. */
async function stranger(greeting: string): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => socket.on('error', () => {}).write(greeting));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  return { host: '127.0.0.1', port: address.port };
}

describe('a call', () => {
  test('to a port where nothing listens', async () => {
    const listener = await listenTcp({ ...listening, port: 0 });
    await listener.close();
    const dialling = dialTcp({ ...common, ...listener.address });
    await expect(dialling).rejects.toThrow(ConnectionRefusedError);
    await expect(dialTcp({ ...common, ...listener.address })).rejects.toThrow(
      `Cannot reach 127.0.0.1:${listener.address.port}: nothing listens on that port; start Shoal there`,
    );
  });

  test('to a name that nobody has', async () => {
    const dialling = dialTcp({ ...common, host: 'no-such-machine.invalid', port: 9990 });
    await expect(dialling).rejects.toThrow(HostNotFoundError);
  });

  test('to an address that does not answer', async () => {
    // TEST-NET-1: silence, no way there or a refusal, as the network likes.
    const dialling = dialTcp({ ...common, host: '192.0.2.1', port: 9990, timeoutMs: 200 });
    await expect(dialling).rejects.toThrow(/^Cannot reach 192\.0\.2\.1:9990: [^\n]+; [^\n]+$/);
  });

  test('to a server that is not Shoal', async () => {
    const address = await stranger('SSH-2.0-OpenSSH_9.2\r\n');
    await expect(dialTcp({ ...common, ...address })).rejects.toThrow(NotShoalError);
  });

  test('to a server that says nothing', async () => {
    const address = await stranger('');
    await expect(dialTcp({ ...common, ...address, timeoutMs: 100 })).rejects.toThrow(HandshakeTimeoutError);
  });
});

describe('listening', () => {
  test('on a port that is taken', async () => {
    const { port } = await stranger('');
    await expect(listenTcp({ ...listening, port })).rejects.toThrow(AddressInUseError);
    await expect(listenTcp({ ...listening, port })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program does already; stop it or choose another port`,
    );
  });

  test("on another machine's address", async () => {
    await expect(listenTcp({ ...listening, host: '192.0.2.1', port: 0 })).rejects.toThrow(NotOurAddressError);
  });

  test('is on loopback unless said otherwise, and ends', async () => {
    const { host: _, ...options } = listening;
    const listener = await listenTcp({ ...options, port: 0 });
    expect(listener.address.host).toBe('127.0.0.1');
    await listener.close();
    await expect(dialTcp({ ...common, ...listener.address })).rejects.toThrow(ConnectionRefusedError);
  });

  test('hello may change from call to call', async () => {
    let epoch = 0;
    const listener = await listenTcp({ ...listening, hello: () => ({ epoch: ++epoch }), port: 0 });
    for (const expected of [1, 2]) {
      const { link, hello } = await dialTcp({ ...common, ...listener.address });
      expect(hello).toEqual({ epoch: expected });
      link.close();
    }
    await listener.close();
  });
});

test.each([
  [dialError, 'ECONNREFUSED', ConnectionRefusedError],
  [dialError, 'ETIMEDOUT', NoAnswerError],
  [dialError, 'EHOSTUNREACH', NoAnswerError],
  [dialError, 'EAI_AGAIN', HostNotFoundError],
  [dialError, 'EWHATEVER', NetworkFailedError],
  [listenError, 'EADDRINUSE', AddressInUseError],
  [listenError, 'EADDRNOTAVAIL', NotOurAddressError],
  [listenError, 'EACCES', PortForbiddenError],
  [listenError, 'ENOTFOUND', HostNotFoundError],
  [listenError, 'EWHATEVER', NetworkFailedError],
])('%o of %s', (errorOf, code, expected) => {
  const error = errorOf({ host: '::1', port: 9990 }, Object.assign(new Error('two\nlines'), { code }));
  expect(error).toBeInstanceOf(expected);
  expect(error).toBeInstanceOf(ShoalError);
  expect(error.message).toMatch(/^Cannot [^\n]+: [^\n]+; [^\n]+$/);
});

test('a connection that is cut off by a reset says so', async () => {
  const [a, b] = await tcpPair();
  const link = tcpLink(a, 'pi:9990');
  link.onFrame(() => {});
  const closed = new Promise<Error>((resolve) => link.onClose(resolve));
  b.resetAndDestroy();
  const reason = await closed;
  expect(reason).toBeInstanceOf(ConnectionBrokenError);
  expect(reason.message).toBe(
    'The connection to pi:9990 broke: the other end dropped it; check the network and connect again',
  );
});

test('an end that never closes its side is dropped after a while', async () => {
  const [a, b] = await tcpPair();
  b.allowHalfOpen = true;
  const link = tcpLink(a, 'pi:9990');
  link.send(Uint8Array.of(1));
  const gone = new Promise((resolve) => a.once('close', resolve));
  const got: number[] = [];
  b.on('data', (chunk) => got.push(...chunk));
  link.close();
  const chatter = setInterval(() => b.write('x'), 100);
  b.on('error', () => clearInterval(chatter));
  await gone;
  clearInterval(chatter);
  b.destroy();
  expect(got).toEqual([1, 0, 0, 0, 1]);
});

test('a closed end swallows what still comes, so that both sockets are soon gone', async () => {
  const [a, b] = await tcpPair();
  const links = [tcpLink(a, 'b'), tcpLink(b, 'a')];
  for (const link of links) link.limitFrames(MAX_FRAME_BYTES);
  links[1].onFrame(() => {});
  links[1].send(new Uint8Array(30_000_000));
  const gone = Promise.all([a, b].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  const begun = performance.now();
  links[0].close();
  await gone;
  expect(performance.now() - begun).toBeLessThan(4000);
});
