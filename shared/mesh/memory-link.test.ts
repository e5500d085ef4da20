// What memory links promise beyond the contract of links: delays, loss and a pulled cable.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manualTimers } from '../../test/mesh/manual-timers.ts';
import type { Link } from './link.ts';
import { memoryLinks } from './memory-link.ts';

const bytesOf = (link: Link): number[] => {
  const bytes: number[] = [];
  link.onFrame(([byte]) => bytes.push(byte));
  return bytes;
};

describe('memory links', () => {
  test('deliver after the latency, not before', async () => {
    const timers = manualTimers();
    const [a, b] = memoryLinks({ timers, latencyMs: 20 });
    const bytes = bytesOf(b);
    a.send(Uint8Array.of(1));
    await timers.pass(10);
    a.send(Uint8Array.of(2));
    await timers.pass(9);
    expect(bytes).toEqual([]);
    await timers.pass(1);
    expect(bytes).toEqual([1]);
    expect(a.bufferedBytes).toBe(1);
    await timers.pass(10);
    expect(bytes).toEqual([1, 2]);
  });

  test('what is lost comes late, and what follows waits', async () => {
    const timers = manualTimers();
    const draws = [0.1, 0.9, 0.9];
    // The second draw of each frame is for its jitter, which is 0.
    const random = (): number => draws.shift() ?? 0.9;
    const [a, b] = memoryLinks({ timers, latencyMs: 5, lossRate: 0.5, random });
    const bytes = bytesOf(b);
    a.send(Uint8Array.of(1));
    a.send(Uint8Array.of(2));
    await timers.pass(54);
    expect(bytes).toEqual([]);
    await timers.pass(1);
    expect(bytes).toEqual([1, 2]);
  });

  test('keep the order, whatever the wire does', async () => {
    const anyWire = fc.record({
      latencyMs: fc.integer({ min: 0, max: 5 }),
      jitterMs: fc.integer({ min: 0, max: 9 }),
      lossRate: fc.double({ min: 0.1, max: 1, noNaN: true }),
      pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        anyWire,
        fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
        async (wire, draws) => {
          const timers = manualTimers();
          const [a, b] = memoryLinks({ ...wire, timers, random: () => draws.next().value });
          const bytes = bytesOf(b);
          for (const [i, pause] of wire.pauses.entries()) {
            a.send(Uint8Array.of(i));
            await timers.pass(pause);
          }
          await timers.pass(2000);
          expect(bytes).toEqual(wire.pauses.map((_, i) => i));
          expect(timers.pending).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a pulled cable is silent in both directions', async () => {
    const timers = manualTimers();
    const pair = memoryLinks({ timers, latencyMs: 5 });
    const [a, b] = pair;
    const [atA, atB] = [bytesOf(a), bytesOf(b)];
    let closed = 0;
    a.onClose(() => closed++);
    a.send(Uint8Array.of(1));
    pair.cut();
    a.send(Uint8Array.of(2));
    b.send(Uint8Array.of(3));
    b.close();
    await timers.pass(1000);
    expect([atA, atB, closed]).toEqual([[], [], 0]);
    expect(a.bufferedBytes).toBe(2);
  });

  test('ends are called by the names that they are given', () => {
    const [a, b] = memoryLinks({ names: ['root', 'worker'] });
    expect([a.peer, b.peer]).toEqual(['worker', 'root']);
  });
});
