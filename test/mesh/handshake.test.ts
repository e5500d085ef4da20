// The handshake over memory links with Node's cryptography: who is let in, who is not, and what each of them reads.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '../../node/links/node-crypto.ts';
import {
  acceptHandshake,
  dialHandshake,
  type HandshakeOptions,
  PROTOCOL_VERSION,
} from '../../shared/mesh/handshake.ts';
import type { Hello } from '../../shared/mesh/hello.ts';
import type { Link } from '../../shared/mesh/link.ts';
import { FrameTooLargeError } from '../../shared/mesh/link-errors.ts';
import { memoryLinks } from '../../shared/mesh/memory-link.ts';
import { manualTimers } from './manual-timers.ts';

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
const timers = manualTimers();
const optionsOf = (hello: Hello, key = 'the key'): HandshakeOptions => {
  return { crypto: nodeCrypto, key: text(key), hello, timers };
};
const dialler: Hello = { name: 'root', role: 'root', epoch: 7 };
const acceptor: Hello = { name: 'küche', role: 'worker', port: 9990 };

/** "OtherName" for what was rejected, the hello for what was not. */
const outcome = (handshake: Promise<Hello>): Promise<unknown> => handshake.catch((error: Error) => error.name);

const meet = (a: HandshakeOptions, b: HandshakeOptions, [dials, accepts]: readonly Link[] = memoryLinks()) =>
  Promise.all([outcome(dialHandshake(dials, a)), outcome(acceptHandshake(accepts, b))]);

/** The first frames that come. */
const frames = (link: Link, count: number): Promise<Uint8Array[]> =>
  new Promise((resolve) => {
    const taken: Uint8Array[] = [];
    link.onFrame((frame) => {
      if (taken.push(frame) < count) return;
      link.onFrame(undefined);
      resolve(taken);
    });
  });

describe('handshake', () => {
  test('gives each side the hello of the other', async () => {
    expect(await meet(optionsOf(dialler), optionsOf(acceptor))).toEqual([acceptor, dialler]);
    expect(timers.pending).toBe(0);
  });

  test('any hellos and keys', async () => {
    const anyHello = fc.dictionary(
      fc.string({ maxLength: 20 }).filter((name) => !/\p{Cc}/u.test(name)),
      fc.oneof(
        fc.string({ maxLength: 40, unit: 'grapheme' }).filter((value) => !/\p{Cc}/u.test(value)),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      ),
      { maxKeys: 8, noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(anyHello, anyHello, fc.uint8Array({ minLength: 1, maxLength: 90 }), async (a, b, key) => {
        const options = { crypto: nodeCrypto, key, timers };
        expect(await meet({ ...options, hello: a }, { ...options, hello: b })).toEqual([b, a]);
      }),
    );
  });

  test('frames right behind it wait, large ones too', async () => {
    const [a, b] = memoryLinks();
    const accepted = acceptHandshake(b, optionsOf(acceptor)).then(() => b.send(new Uint8Array(100_000), text('x')));
    await dialHandshake(a, optionsOf(dialler));
    await accepted;
    await new Promise((resolve) => setImmediate(resolve));
    expect((await frames(a, 1))[0].length).toBe(100_001);
  });

  test('another key: both sides read so, and the acceptor has proved nothing', async () => {
    const pair = memoryLinks();
    const sent: Uint8Array[] = [];
    const spied: Link = { ...spyOn(pair[1], sent) };
    expect(await meet(optionsOf(dialler, 'another'), optionsOf(acceptor), [pair[0], spied])).toEqual([
      'WrongKeyError',
      'WrongKeyError',
    ]);
    expect(sent.map(({ length }) => length)).toEqual([39, 1]);
    const [dials, accepts] = memoryLinks({ names: ['root', 'pi:9990'] });
    acceptHandshake(accepts, optionsOf(acceptor)).catch(() => {});
    await expect(dialHandshake(dials, optionsOf(dialler, 'x'))).rejects.toThrow(
      'pi:9990 has another cluster key than this machine; give both the same --key',
    );
  });

  test.each([PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1, 513])('protocol version %i', async (version) => {
    const [a, b] = memoryLinks({ names: ['root', 'pi:9990'] });
    b.send(text('Shoal'), Uint8Array.of(version & 255, version >> 8), text('and whatever is in it then'));
    await expect(dialHandshake(a, optionsOf(dialler))).rejects.toThrow(
      `pi:9990 speaks protocol version ${version} and this Shoal version ${PROTOCOL_VERSION}; ` +
        'install the same version of Shoal everywhere',
    );
    // The other end gets what tells it the same.
    const [ours] = await frames(b, 1);
    expect([...ours.subarray(0, 7)]).toEqual([...text('Shoal'), PROTOCOL_VERSION, 0]);
  });

  test.each([dialHandshake, acceptHandshake])('what is not Shoal: %o', async (handshake) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 2, maxLength: 5000 }), { minLength: 1, maxLength: 3 }),
        async (noise) => {
          const [a, b] = memoryLinks();
          for (const frame of noise) b.send(frame);
          expect(await outcome(handshake(a, optionsOf(dialler)))).toBe('NotShoalError');
        },
      ),
    );
  });

  test('a stranger may send no large frame, whatever was allowed before', async () => {
    const [a, b] = memoryLinks();
    b.send(new Uint8Array(5000));
    const error: Error = await dialHandshake(a, optionsOf(dialler)).catch((error) => error);
    expect(error.cause).toBeInstanceOf(FrameTooLargeError);
  });

  test.each([
    [0, 'NotShoalError'],
    [1, 'WrongKeyError'],
    [2, 'PeerBusyError'],
    [3, 'NotShoalError'],
  ])('the refusal %i', async (code, name) => {
    const [a, b] = memoryLinks();
    b.send(Uint8Array.of(code));
    expect(await outcome(dialHandshake(a, optionsOf(dialler)))).toBe(name);
  });

  test('a link that closes in between', async () => {
    const [a, b] = memoryLinks();
    b.close();
    expect(await outcome(dialHandshake(a, optionsOf(dialler)))).toBe('HandshakeCutError');
    expect(await outcome(dialHandshake(b, optionsOf(dialler)))).toBe('HandshakeCutError');
    expect(timers.pending).toBe(0);
  });

  test('silence, from the start or in between', async () => {
    for (const words of [[], [opening(nodeCrypto.random(32))]]) {
      const [a, b] = memoryLinks({ names: ['root', 'pi:9990'] });
      for (const word of words) b.send(word);
      const failing = expect(acceptHandshake(a, optionsOf(acceptor))).rejects.toThrow(
        'pi:9990 took the connection but did not introduce itself within 5 s; check the address and the port',
      );
      let isClosed = false;
      a.onClose(() => {
        isClosed = true;
      });
      await timers.pass(4999);
      expect(isClosed).toBe(false);
      await timers.pass(1);
      await failing;
      expect(isClosed).toBe(true);
    }
  });

  test.each([
    ['proof that is replayed', (first: Uint8Array[]) => [first[0], first[1]]],
    ['proof without hello', (first: Uint8Array[]) => [first[0], first[1].slice(0, 32)]],
    ['half a proof', (first: Uint8Array[]) => [first[0], first[1].slice(0, 20)]],
  ])('a %s does not open the door', async (_, forge) => {
    const [dials, seen] = memoryLinks();
    dialHandshake(dials, optionsOf(dialler)).catch(() => {});
    seen.send(opening(nodeCrypto.random(32)));
    const overheard = await frames(seen, 2);
    const [a, b] = memoryLinks();
    for (const frame of forge(overheard)) a.send(frame);
    const name = await outcome(acceptHandshake(b, optionsOf(acceptor)));
    expect(['WrongKeyError', 'NotShoalError']).toContain(name);
    dials.close();
  });

  test('one that sends back what it gets proves nothing', async () => {
    const [a, b] = memoryLinks();
    b.onFrame((frame) => b.send(frame));
    expect(await outcome(dialHandshake(a, optionsOf(dialler)))).toBe('WrongKeyError');
  });

  test('a bit that changes on the way is noticed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.nat(1), fc.nat(), fc.nat(7), async (from, which, at, bit) => {
        const outer = [memoryLinks(), memoryLinks()];
        const between = [outer[0][1], outer[1][0]];
        for (const [i, link] of between.entries()) {
          let count = 0;
          link.onFrame((frame) => {
            if (i === from && count++ === which) frame[at % frame.length] ^= 1 << bit;
            between[1 - i].send(frame);
          });
          link.onClose(() => between[1 - i].close());
        }
        const outcomes = await meet(optionsOf(dialler), optionsOf(acceptor), [outer[0][0], outer[1][1]]);
        // The acceptor is content with a good dialler before its own last frame goes wrong.
        expect(typeof outcomes[0]).toBe('string');
        if (from === 0 || which === 0) expect(typeof outcomes[1]).toBe('string');
      }),
    );
  });

  test.each([
    ['[]', 'something other than an object'],
    ['null', 'something other than an object'],
    ['7', 'something other than an object'],
    ['{"a":', 'something other than JSON'],
    ['\xff\xfe', 'something other than JSON'],
    ['{"a":true}', 'a value that is neither text nor number'],
    ['{"a":{"b":1}}', 'a value that is neither text nor number'],
    ['{"a":1e999}', 'a value that is neither text nor number'],
    ['{"a":"\\u001b[2J"}', 'control characters'],
    [`{"a":"${'x'.repeat(2048)}"}`, 'more than 2048 bytes'],
  ])('the hello %s of a peer with the key is refused', async (json, what) => {
    const [a, b] = memoryLinks();
    const failing = expect(acceptHandshake(b, optionsOf(acceptor))).rejects.toThrow(
      `memory a introduced itself with ${what}; install the same version of Shoal everywhere`,
    );
    const ours = opening(nodeCrypto.random(32));
    a.send(ours);
    const [theirs] = await frames(a, 1);
    const hello = Uint8Array.from(json, (letter) => letter.charCodeAt(0));
    const proof = await nodeCrypto.hmac(text('the key'), Buffer.concat([text('dial  '), ours, theirs, hello]));
    a.send(proof, hello);
    await failing;
  });

  test('a hello of our own that is too large is our own fault', async () => {
    const [a] = memoryLinks();
    await expect(dialHandshake(a, optionsOf({ name: 'x'.repeat(3000) }))).rejects.toThrow(RangeError);
  });
});

const opening = (nonce: Uint8Array): Uint8Array =>
  Buffer.concat([text('Shoal'), Uint8Array.of(PROTOCOL_VERSION & 255, PROTOCOL_VERSION >> 8), nonce]);

/** The link, with all that it sends written down. */
const spyOn = (link: Link, sent: Uint8Array[]): Link => ({
  peer: link.peer,
  bufferedBytes: 0,
  receivedBytes: 0,
  send(...parts) {
    sent.push(Buffer.concat(parts));
    link.send(...parts);
  },
  drained: () => link.drained(),
  onFrame: (handler) => link.onFrame(handler),
  onClose: (handler) => link.onClose(handler),
  close: () => link.close(),
  limitFrames: (bytes) => link.limitFrames(bytes),
});
