// What a listener on a real port bears: whoever is no peer is turned away with one line, costs little, and the next peer
// is served.

import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeCrypto } from '../../node/links/node-crypto.ts';
import { nodeTimers } from '../../node/links/node-timers.ts';
import { dialTcp } from '../../node/links/tcp-dial.ts';
import { type Listener, type ListenOptions, listenTcp } from '../../node/links/tcp-listener.ts';
import { PROTOCOL_VERSION } from '../../shared/mesh/handshake.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';

const key = Buffer.from('the key of this cluster');
const timeoutMs = 300;
const common = { crypto: nodeCrypto, key, timers: nodeTimers };

let listener: Listener;
let lines: string[];
let peers: { link: Link; hello: Hello }[];
let sockets: Socket[];

async function listen(options: Partial<ListenOptions> = {}): Promise<void> {
  listener = await listenTcp({
    ...common,
    port: 0,
    timeoutMs,
    hello: { name: 'worker', role: 'worker' },
    onPeer: (link, hello) => {
      peers.push({ link, hello });
      link.onFrame((frame) => link.send(frame));
    },
    log: (line) => lines.push(line),
    ...options,
  });
}

beforeEach(async () => {
  [lines, peers, sockets] = [[], [], []];
  await listen();
});

afterEach(async () => {
  await listener.close();
  for (const { link } of peers) link.close();
  for (const socket of sockets) socket.destroy();
});

/** A caller that says `bytes`, and all that it gets until it is dropped. */
async function call(...bytes: readonly Uint8Array[]): Promise<{ socket: Socket; dropped: Promise<Buffer> }> {
  const socket = connect(listener.address);
  sockets.push(socket);
  const dropped = new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const part of bytes) socket.write(part);
  return { socket, dropped };
}

const framed = (...parts: readonly Uint8Array[]): Buffer => {
  const frame = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(frame.length);
  return Buffer.concat([length, frame]);
};

const opening = (version: number): Buffer =>
  framed(Buffer.from('Shoal'), Uint8Array.of(version & 255, version >> 8), Buffer.alloc(32, 7));

/** A peer with the key is served: what it sends comes back. */
async function expectServed(): Promise<void> {
  const before = peers.length;
  const { link, hello } = await dialTcp({ ...common, ...listener.address, hello: { name: 'root', role: 'root' } });
  expect(hello).toEqual({ name: 'worker', role: 'worker' });
  expect(peers.slice(before).map((peer) => peer.hello)).toEqual([{ name: 'root', role: 'root' }]);
  const answer = new Promise<number>((resolve) => link.onFrame((frame) => resolve(frame.length)));
  link.send(new Uint8Array(1_000_000));
  expect(await answer).toBe(1_000_000);
  link.close();
}

const line = (what: string): unknown =>
  expect.stringMatching(new RegExp(`^Turned a caller away: .*${what}[^\n]*; [^\n]+$`));

test('a peer with the key is served, and nothing is said about it', async () => {
  await expectServed();
  expect(lines).toEqual([]);
});

describe('a caller that is no peer is dropped with one line:', () => {
  test.each([
    ['an HTTP request', [Buffer.from('GET / HTTP/1.1\r\nHost: pi\r\n\r\n')], 'does not speak the protocol of Shoal'],
    [
      'a TLS hello',
      [Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(200, 3)],
      'does not speak the protocol',
    ],
    ['zeros', [Buffer.alloc(1000)], 'does not speak the protocol of Shoal'],
    ['a frame of another kind', [framed(Buffer.from('hello, is it me?'))], 'does not speak the protocol of Shoal'],
    ['an older protocol', [opening(PROTOCOL_VERSION - 1)], `speaks protocol version ${PROTOCOL_VERSION - 1} and`],
    ['a newer protocol', [opening(PROTOCOL_VERSION + 1)], `speaks protocol version ${PROTOCOL_VERSION + 1} and`],
    ['a wrong proof', [opening(PROTOCOL_VERSION), framed(Buffer.alloc(32), Buffer.from('{}'))], 'another cluster key'],
    ['a frame of 2 GB', [Buffer.from('00000080', 'hex'), Buffer.alloc(60_000)], 'does not speak the protocol of Shoal'],
    ['a second frame of 2 GB', [opening(PROTOCOL_VERSION), Buffer.from('00000080', 'hex')], 'does not speak'],
    ['silence', [], 'did not introduce itself within 0.3 s'],
    ['an opening and then silence', [opening(PROTOCOL_VERSION)], 'did not introduce itself within 0.3 s'],
  ])('%s', async (_, bytes, what) => {
    const { dropped } = await call(...bytes);
    await dropped;
    expect(lines).toEqual([line(what)]);
    expect(peers).toEqual([]);
    await expectServed();
    expect(lines).toHaveLength(1);
  });

  test('a frame that ends in the middle', async () => {
    const { socket, dropped } = await call(opening(PROTOCOL_VERSION).subarray(0, 20));
    socket.end();
    await dropped;
    expect(lines).toEqual([line('does not speak the protocol of Shoal')]);
    await expectServed();
  });

  test('one that connects and leaves', async () => {
    const { socket, dropped } = await call();
    socket.end();
    await dropped;
    expect(lines).toEqual([line('closed the connection before it had introduced itself')]);
  });

  test('a byte now and then', async () => {
    const { socket, dropped } = await call();
    const dripping = setInterval(() => socket.write('\x27'), 20);
    await dropped;
    clearInterval(dripping);
    expect(lines).toEqual([line('(did not introduce itself within 0.3 s|does not speak the protocol of Shoal)')]);
    await expectServed();
  });

  test('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1 }), async (chunks) => {
        const { socket, dropped } = await call(...chunks);
        socket.end();
        await dropped;
      }),
      { numRuns: 40 },
    );
    await expectServed();
    expect(peers).toHaveLength(1);
    expect(lines.length).toBeLessThanOrEqual(10);
    await listener.close();
    expect(lines).toEqual([...Array(10).fill(line('')), 'and 30 more were turned away']);
  });
});

test('the side with another key reads why, and so does the log here', async () => {
  const dialling = dialTcp({ ...common, ...listener.address, key: Buffer.from('not it'), hello: { name: 'root' } });
  await expect(dialling).rejects.toThrow(
    `127.0.0.1:${listener.address.port} has another cluster key than this machine; give both the same --key`,
  );
  expect(lines).toEqual([line('has another cluster key than this machine')]);
  expect(lines.join()).not.toContain('not it');
  await expectServed();
});

test('a claimed size takes no memory', async () => {
  await expectServed();
  const before = process.memoryUsage();
  for (let round = 0; round < 5; round++) {
    // 4096 bytes are allowed, and announced but for one of them that never comes.
    const allowed = Array.from({ length: 8 }, () => call(Buffer.from('00100000', 'hex'), Buffer.alloc(4095)));
    const claims = Array.from({ length: 8 }, () => call(opening(PROTOCOL_VERSION), Buffer.from('ffffffff', 'hex')));
    for (const caller of await Promise.all([...allowed, ...claims])) await caller.dropped;
  }
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(30e6);
  expect(after.rss - before.rss).toBeLessThan(100e6);
  await expectServed();
});

test('a peer with the key cannot make us keep what it only announces', async () => {
  const { link } = await dialTcp({ ...common, ...listener.address, hello: { name: 'root' } });
  const before = process.memoryUsage().arrayBuffers;
  const closed = new Promise<Error>((resolve) => peers[0].link.onClose(resolve));
  // 64 MiB, of which 1 MB comes.
  socketOf(link).write(Buffer.concat([Buffer.from('00000004', 'hex'), Buffer.alloc(1_000_000)]));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  link.close();
  expect((await closed).message).toMatch(/ closed the connection in the middle of a frame, 1,000,000 bytes into it; /);
});

test('a thousand calls at once: 64 are heard, the others told to come again, and the log stays short', async () => {
  const callers = await Promise.all(Array.from({ length: 1000 }, () => call()));
  const answers = await Promise.all(callers.map(({ dropped }) => dropped));
  const busy = answers.filter((answer) => answer.equals(framed(Uint8Array.of(2))));
  expect(busy.length).toBeGreaterThan(500);
  expect(answers.filter((answer) => answer.length === opening(1).length).length).toBe(1000 - busy.length);
  await expectServed();
  await listener.close();
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe('and 990 more were turned away');
});

test('a peer that comes when too many knock reads so', async () => {
  await listener.close();
  await listen({ mostInHandshake: 2 });
  const silent = await Promise.all([call(), call()]);
  await expect(dialTcp({ ...common, ...listener.address, hello: {} })).rejects.toThrow(
    'has too many connections in the making; try again in some seconds',
  );
  for (const { dropped } of silent) await dropped;
  await expectServed();
});

/** The socket below a link, to misuse it. */
const socketOf = (link: Link): Socket => (link as unknown as { readonly socket: Socket }).socket;
