import { describe, expect, test } from 'vitest';
import { manualTimers } from '../../test/mesh/manual-timers.ts';
import { watchedLink } from './heartbeat.ts';
import { SilentPeerError } from './link-errors.ts';
import { memoryLinks } from './memory-link.ts';

const latencyMs = 7;

function watchedPair() {
  const timers = manualTimers();
  const pair = memoryLinks({ timers, latencyMs, names: ['root', 'pi:9990'] });
  const ends = [watchedLink(pair[0], { timers }), watchedLink(pair[1], { timers })] as const;
  const reasons: Error[] = [];
  const bytes: number[] = [];
  for (const end of ends) end.onClose((reason) => reasons.push(reason));
  const listen = (): void => {
    for (const end of ends) end.onFrame(([byte]) => bytes.push(byte));
  };
  return { timers, pair, ends, reasons, bytes, listen };
}

describe('a watched link', () => {
  test('lives as long as the other end answers, and shows no pings', async () => {
    const { timers, ends, reasons, bytes, listen } = watchedPair();
    listen();
    await timers.pass(60_000);
    ends[0].send(Uint8Array.of(3));
    await timers.pass(latencyMs);
    expect(reasons).toEqual([]);
    expect(bytes).toEqual([3]);
  });

  test('closes when the cable is pulled, and says what happened', async () => {
    const { timers, pair, ends, reasons, listen } = watchedPair();
    listen();
    await timers.pass(10_100);
    pair.cut();
    await timers.pass(4000);
    expect(reasons).toEqual([]);
    await timers.pass(2000);
    expect(reasons).toEqual([expect.any(SilentPeerError), expect.any(SilentPeerError)]);
    expect(reasons[0].message).toBe(
      'pi:9990 has not answered for 5 s; check that it is switched on, awake and in the network',
    );
    ends[0].send(Uint8Array.of(1));
    await timers.pass(1000);
    expect(timers.pending).toBe(0);
  });

  test('closes when the other end is connected but says nothing', async () => {
    const timers = manualTimers();
    const [a, b] = memoryLinks({ timers, latencyMs });
    const watched = watchedLink(a, { timers });
    watched.onFrame(() => {});
    b.onFrame(() => {});
    const closed: string[] = [];
    watched.onClose((reason) => closed.push(reason.name));
    b.onClose((reason) => closed.push(reason.name));
    await timers.pass(6100);
    expect(closed).toEqual(['SilentPeerError', 'LinkClosedError']);
  });

  test('takes every byte for a sign of life, not only pings', async () => {
    const timers = manualTimers();
    const [a, b] = memoryLinks({ timers, latencyMs });
    const watched = watchedLink(a, { timers });
    let frames = 0;
    watched.onFrame(() => frames++);
    b.onFrame(() => {});
    for (let i = 0; i < 10; i++) {
      b.send(Uint8Array.of(6));
      await timers.pass(3000);
    }
    expect(frames).toBe(10);
  });

  test('judges nobody while it does not listen', async () => {
    const timers = manualTimers();
    const [a] = memoryLinks({ timers });
    const watched = watchedLink(a, { timers });
    const reasons: Error[] = [];
    watched.onClose((reason) => reasons.push(reason));
    await timers.pass(20_000);
    expect(reasons).toEqual([]);
    watched.onFrame(() => {});
    await timers.pass(4000);
    expect(reasons).toEqual([]);
    await timers.pass(2000);
    expect(reasons).toEqual([expect.any(SilentPeerError)]);
  });

  test('lives on when both ends were stopped, as on a machine that sleeps', async () => {
    const { timers, pair, reasons, listen } = watchedPair();
    listen();
    await timers.pass(3000);
    await timers.stall(60_000);
    await timers.pass(20_000);
    expect(reasons).toEqual([]);
    // A stop hides no death for long.
    pair.cut();
    await timers.stall(60_000);
    await timers.pass(2001);
    expect(reasons).toHaveLength(2);
  });

  test.each([true, false])(
    'gives an interval more when it was stopped itself; comes a sign in it: %s',
    async (comes) => {
      const timers = manualTimers();
      const [a, b] = memoryLinks({ timers });
      const watched = watchedLink(a, { timers });
      let isDead = false;
      watched.onClose(() => {
        isDead = true;
      });
      watched.onFrame(() => {});
      b.send(Uint8Array.of(1));
      await timers.pass(3500);
      // Silent for 2.5 s, then we could not hear for 4 s more.
      await timers.stall(4000);
      expect(isDead).toBe(false);
      if (comes) b.send(Uint8Array.of(1));
      await timers.pass(1000);
      expect(isDead).toBe(!comes);
      watched.close();
    },
  );

  test('ends its timers with the link', async () => {
    const { timers, ends, reasons, listen } = watchedPair();
    listen();
    await timers.pass(1500);
    ends[0].close();
    await timers.pass(100);
    expect(reasons.map(({ name }) => name)).toEqual(['LinkClosedError', 'LinkClosedError']);
    expect(timers.pending).toBe(0);
  });

  test('measures the round trip at once, and forgets old ones', async () => {
    const timers = manualTimers();
    let extraMs = 0;
    const slow = {
      ...timers,
      after: (ms: number, action: () => void) => timers.after(ms + extraMs, action),
      now: timers.now,
    };
    const pair = memoryLinks({ timers: slow, latencyMs });
    const ends = [watchedLink(pair[0], { timers }), watchedLink(pair[1], { timers })];
    expect(ends[0].roundTripMs).toBeUndefined();
    for (const end of ends) end.onFrame(() => {});
    await timers.pass(20 * 2 * latencyMs);
    expect(ends.map((end) => end.roundTripMs)).toEqual([2 * latencyMs, 2 * latencyMs]);
    extraMs = 10;
    await timers.pass(2000);
    expect(ends[0].roundTripMs).toBe(2 * latencyMs);
    await timers.pass(10_000);
    expect(ends[0].roundTripMs).toBe(2 * (latencyMs + extraMs));
  });

  test('is not confused by pings that are none', async () => {
    const timers = manualTimers();
    const [a, b] = memoryLinks({ timers });
    const watched = watchedLink(a, { timers });
    const frames: Uint8Array[] = [];
    watched.onFrame((frame) => frames.push(frame));
    for (const bad of [[0], [0, 1, 2], [0, 0, 0, 0, 0, 0, 0], [0, 1, 255, 255, 255, 255], [0, 77, 1, 0, 0, 0]]) {
      b.send(Uint8Array.from(bad));
    }
    await timers.pass(10);
    expect(frames).toEqual([]);
    watched.close();
  });
});
