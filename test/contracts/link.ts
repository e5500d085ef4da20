// What every link must do, whatever carries it. A link's test file calls linkContract with a way to make two connected ends.
// No frame here begins with 0: a link with a heartbeat keeps its pings to itself.

import { afterEach, describe, expect, it } from 'vitest';
import { LINK_HIGH_WATER, type Link, MAX_FRAME_BYTES } from '../../shared/mesh/link.ts';
import { FrameTooLargeError, LinkClosedError } from '../../shared/mesh/link-errors.ts';

type Frame = Uint8Array<ArrayBuffer>;

/** Runs the suite on pairs that `makePair` makes: two ends, connected, without handlers. */
export function linkContract(name: string, makePair: () => Promise<readonly [Link, Link]>): void {
  describe(`link contract: ${name}`, () => {
    const open: Link[] = [];
    /** Of peers that know each other. */
    const pair = async (): Promise<readonly [Link, Link]> => {
      const ends = await makePair();
      open.push(...ends);
      for (const end of ends) end.limitFrames(MAX_FRAME_BYTES);
      return ends;
    };
    afterEach(() => {
      for (const link of open.splice(0)) link.close();
    });

    describe.each([
      ['from the first end to the second', 0, 1],
      ['from the second end to the first', 1, 0],
    ])('%s', (_, from, to) => {
      it('delivers frames whole and in order, of 1 byte to several MB', async () => {
        const ends = await pair();
        const sizes = [1, 2, 3, 4, 5, 100, 4095, 4096, 4097, 32_768, 65_535, 65_536, 65_537, 1, 3_000_001, 1, 7];
        const frames = sizes.map(someFrame);
        const arrived = collect(ends[to], frames.length);
        for (const frame of frames) ends[from].send(frame);
        expectSame(await arrived, frames);
      });
    });

    it('delivers a frame of the largest size', async () => {
      const [a, b] = await pair();
      const arrived = collect(b, 2);
      a.send(Uint8Array.of(8), new Uint8Array(MAX_FRAME_BYTES - 2), Uint8Array.of(9));
      a.send(Uint8Array.of(1));
      const [large, small] = await arrived;
      expect([large.length, large[0], large.at(-1), small.length]).toEqual([MAX_FRAME_BYTES, 8, 9, 1]);
    });

    it.each([
      ['small', [3, 1, 0, 4]],
      ['one of them large', [8, 0, 200_000]],
      ['many', Array(300).fill(7)],
      ['many and large', Array(40).fill(50_000)],
    ])('joins parts: %s', async (_, sizes: number[]) => {
      const [a, b] = await pair();
      const whole = someFrame(sizes.reduce((sum, size) => sum + size, 0));
      let at = 0;
      const parts = sizes.map((size) => {
        at += size;
        return whole.subarray(at - size, at);
      });
      const arrived = collect(b, 2);
      a.send(...parts);
      a.send(...parts);
      expectSame(await arrived, [whole, whole]);
    });

    it('gives each frame a buffer of its own, from its start', async () => {
      const [a, b] = await pair();
      const arrived = collect(b, 3);
      for (const size of [5, 7, 100_000]) a.send(someFrame(size));
      const frames = await arrived;
      expect(frames.map(({ byteOffset }) => byteOffset)).toEqual([0, 0, 0]);
      expect(new Set(frames.map(({ buffer }) => buffer)).size).toBe(3);
    });

    it('lets frames wait until there is a handler, and again when it is taken away', async () => {
      const [a, b] = await pair();
      for (let i = 1; i < 7; i++) a.send(Uint8Array.of(i));
      await rest();
      const first: number[] = [];
      await new Promise<void>((resolve) => {
        b.onFrame(([byte]) => {
          first.push(byte);
          if (byte !== 3) return;
          b.onFrame(undefined);
          resolve();
        });
      });
      a.send(Uint8Array.of(7));
      await rest();
      expect(first).toEqual([1, 2, 3]);
      const others = await collect(b, 4);
      expect(others.map(([byte]) => byte)).toEqual([4, 5, 6, 7]);
    });

    it('carries both directions at once', async () => {
      const [a, b] = await pair();
      const frames = Array.from({ length: 60 }, (_, i) => someFrame(1 + ((i * 7919) % 90_000)));
      const arrived = Promise.all([collect(a, frames.length), collect(b, frames.length)]);
      for (const frame of frames) {
        a.send(frame);
        b.send(frame);
        if (frame.length % 2 === 0) await rest();
      }
      for (const side of await arrived) expectSame(side, frames);
    });

    it('lets handlers answer', async () => {
      const [a, b] = await pair();
      b.onFrame((frame) => b.send(frame, Uint8Array.of(1)));
      const lengths: number[] = [];
      await new Promise<void>((resolve) => {
        a.onFrame((frame) => {
          lengths.push(frame.length);
          if (lengths.length === 50) resolve();
          else a.send(frame);
        });
        a.send(Uint8Array.of(1));
      });
      expect(lengths).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
    });

    it('counts what is received', async () => {
      const [a, b] = await pair();
      const before = b.receivedBytes;
      const arrived = collect(b, 2);
      a.send(someFrame(1000));
      a.send(someFrame(100_000));
      await arrived;
      expect(b.receivedBytes - before).toBeGreaterThanOrEqual(101_000);
      expect(b.receivedBytes - before).toBeLessThan(102_000);
    });

    it.each([[[]], [[new Uint8Array()]], [[new Uint8Array(MAX_FRAME_BYTES), Uint8Array.of(1)]]])(
      'refuses to send frames that are too small or too large',
      async (parts) => {
        const [a, b] = await pair();
        expect(() => a.send(...parts)).toThrow(RangeError);
        const arrived = collect(b, 1);
        a.send(Uint8Array.of(5));
        expectSame(await arrived, [Uint8Array.of(5)]);
      },
    );

    describe('closing', () => {
      it('delivers what was sent before, then tells the other end, once', async () => {
        const [a, b] = await pair();
        const frames = [1, 5_000_000, 10].map(someFrame);
        for (const frame of frames) a.send(frame);
        a.close();
        const events: (Frame | Error)[] = [];
        b.onFrame((frame) => events.push(frame));
        await new Promise<void>((resolve) => {
          b.onClose((reason) => {
            events.push(reason);
            resolve();
          });
        });
        await rest();
        expectSame(events.slice(0, 3) as Frame[], frames);
        expect(events.slice(3)).toEqual([expect.any(Error)]);
      });

      it('keeps what came before it for a late handler', async () => {
        const [a, b] = await pair();
        a.send(Uint8Array.of(1));
        a.send(Uint8Array.of(2));
        a.close();
        const closed = closing(b);
        await rest();
        expectSame(await collect(b, 2), [Uint8Array.of(1), Uint8Array.of(2)]);
        b.onFrame(() => {});
        expect(await closed).toBeInstanceOf(LinkClosedError);
      });

      it('keeps what came before it when the handler was taken away', async () => {
        const [a, b] = await pair();
        const closed = closing(b);
        const first = collect(b, 1);
        for (const byte of [1, 2, 3]) a.send(Uint8Array.of(byte));
        a.close();
        await first;
        await rest();
        b.send(Uint8Array.of(4)); // To nobody.
        await rest();
        expectSame(await collect(b, 2), [Uint8Array.of(2), Uint8Array.of(3)]);
        b.onFrame(() => {});
        expect(await closed).toBeInstanceOf(LinkClosedError);
      });

      it('tells this end at once, and those who ask late', async () => {
        const [a] = await pair();
        const reasons: Error[] = [];
        a.onClose((reason) => reasons.push(reason));
        a.onClose((reason) => reasons.push(reason));
        a.close();
        a.close();
        expect(reasons).toHaveLength(2);
        a.onClose((reason) => reasons.push(reason));
        await rest();
        expect(reasons).toEqual([expect.any(Error), reasons[0], reasons[0]]);
      });

      it('gives a reason that names the other end, the cause and the remedy', async () => {
        const [a, b] = await pair();
        b.onFrame(() => {});
        const closed = closing(b);
        a.close();
        const reason = await closed;
        expect(reason.message).toContain(b.peer);
        expect(reason.message).toMatch(/^[^\n]+; [^\n]+$/);
      });

      it('ends sending and receiving', async () => {
        const [a, b] = await pair();
        const frames: Frame[] = [];
        a.onFrame((frame) => frames.push(frame));
        b.onFrame((frame) => frames.push(frame));
        const closed = closing(b);
        b.send(Uint8Array.of(1));
        a.close();
        a.send(Uint8Array.of(2));
        await closed;
        b.send(Uint8Array.of(3));
        await rest();
        expect(frames).toEqual([]);
      });

      it('may be done by a handler', async () => {
        const [a, b] = await pair();
        const bytes: number[] = [];
        const closed = closing(a);
        a.onFrame(() => {});
        b.onFrame(([byte]) => {
          bytes.push(byte);
          if (byte === 2) b.close();
        });
        for (let i = 1; i < 6; i++) a.send(Uint8Array.of(i));
        await closed;
        expect(bytes).toEqual([1, 2]);
      });

      it('may be done by both at once', async () => {
        const [a, b] = await pair();
        const closed = Promise.all([closing(a), closing(b)]);
        a.close();
        b.close();
        await closed;
      });
    });

    describe('back-pressure', () => {
      it('buffers what the other end does not take, and says when there is room', async () => {
        const [a, b] = await pair();
        await a.drained();
        const frame = someFrame(2 ** 20);
        // More than the system's own buffers hold.
        for (let i = 0; i < 48; i++) a.send(frame);
        let isDrained = false;
        const drained = a.drained().then(() => {
          isDrained = true;
        });
        for (let i = 0; i < 20; i++) await rest();
        expect(isDrained).toBe(false);
        expect(a.bufferedBytes).toBeGreaterThan(LINK_HIGH_WATER);
        const arrived = collect(b, 48);
        await drained;
        expect(a.bufferedBytes).toBeLessThanOrEqual(LINK_HIGH_WATER);
        expect((await arrived).every((whole) => whole.length === frame.length)).toBe(true);
      });

      it('lets nobody wait when it is closed', async () => {
        const [a] = await pair();
        for (let i = 0; i < 48; i++) a.send(new Uint8Array(2 ** 20));
        const drained = a.drained();
        a.close();
        await drained;
        await a.drained();
      });
    });

    describe('limit of frames', () => {
      it('takes frames up to it, and closes at a larger one', async () => {
        const [a, b] = await pair();
        b.limitFrames(100);
        const lengths: number[] = [];
        b.onFrame((frame) => lengths.push(frame.length));
        a.onFrame(() => {});
        const closed = Promise.all([closing(a), closing(b)]);
        for (const size of [99, 100, 101, 5]) a.send(someFrame(size));
        const [, reason] = await closed;
        expect(lengths).toEqual([99, 100]);
        expect(reason).toBeInstanceOf(FrameTooLargeError);
      });

      it('does not count for frames that wait for a handler', async () => {
        const [a, b] = await pair();
        b.limitFrames(100);
        for (const size of [100, 100_000]) a.send(someFrame(size));
        await rest();
        const lengths: number[] = [];
        await new Promise<void>((resolve) => {
          b.onFrame((frame) => {
            lengths.push(frame.length);
            b.onFrame(undefined);
            resolve();
          });
        });
        await rest();
        b.limitFrames(100_000);
        lengths.push((await collect(b, 1))[0].length);
        expect(lengths).toEqual([100, 100_000]);
      });
    });
  });
}

/** Bytes that differ from place to place and size to size. */
function someFrame(size: number): Frame {
  const frame = new Uint8Array(size);
  for (let i = 0; i < size; i++) frame[i] = Math.imul(i + size, 2_654_435_761) >>> 13;
  frame[0] ||= 1;
  return frame;
}

/** The next `count` frames; those after them wait. */
const collect = (link: Link, count: number): Promise<Frame[]> =>
  new Promise((resolve, reject) => {
    const frames: Frame[] = [];
    link.onClose((reason) => reject(new Error(`closed after ${frames.length} of ${count} frames: ${reason.message}`)));
    link.onFrame((frame) => {
      frames.push(frame);
      if (frames.length < count) return;
      link.onFrame(undefined);
      resolve(frames);
    });
  });

const closing = (link: Link): Promise<Error> => new Promise((resolve) => link.onClose(resolve));

/** Time for what is under way to arrive, or not. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

/** Quicker than toEqual, and says less. */
function expectSame(actual: readonly Frame[], expected: readonly Frame[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, frame] of actual.entries()) {
    if (Buffer.compare(frame, expected[i]) !== 0) expect.fail(`frame ${i} of ${frame.length} bytes has other bytes`);
  }
}
