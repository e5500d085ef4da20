import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeNetworkSnapshots, NETWORK_OPERATIONS, NetworkRecorder, type NetworkSnapshot } from './network.ts';
import { BadNetworkSnapshotError, parseNetworkSnapshot } from './parse-network.ts';

type Event = (recorder: NetworkRecorder) => void;

const amount = fc.nat(1_000_000);
const peer = fc.constantFrom('root', 'pi-1', 'pi-2', '__proto__');
const phase = fc.constantFrom('evaluation', 'prediction');
const optional = { requiredKeys: [] };
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.tuple(fc.constantFrom(...NETWORK_OPERATIONS), fc.option(peer, { nil: undefined }), amount, amount).map(
    ([name, with_, bytes, ms]): Event =>
      (r) =>
        r.record(name, { peer: with_, bytes, ms }),
  ),
  fc.tuple(peer, fc.record({ sentBytes: amount, receivedBytes: amount, waitMs: amount }, optional)).map(
    ([to, traffic]): Event =>
      (r) =>
        r.recordLink(to, traffic),
  ),
  fc.record({ phase, tokens: amount, computeMs: amount, syncMs: amount }).map(
    (step): Event =>
      (r) =>
        r.recordStep(step),
  ),
);
const recorded = (events: readonly Event[]): NetworkSnapshot => {
  const recorder = new NetworkRecorder();
  for (const one of events) one(recorder);
  return recorder.snapshot();
};
const sent = (snapshot: NetworkSnapshot): NetworkSnapshot => parseNetworkSnapshot(JSON.parse(JSON.stringify(snapshot)));
/** Lists in an order of their own: that of a snapshot is the order in which things came. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const isPair = typeof value[0] === 'number';
    const parts = value.map(sorted);
    return isPair ? parts : parts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, part]) => `${key}: ${JSON.stringify(sorted(part))}`);
};

describe('NetworkRecorder', () => {
  test('merging is as recording in one place, also over a wire', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), event), { maxLength: 60 }), (events) => {
        const whole = recorded(events.map(([, one]) => one));
        const parts = [3, 1, 0, 2].map((node) =>
          sent(recorded(events.filter(([at]) => at === node).map(([, e]) => e))),
        );
        expect(sorted(mergeNetworkSnapshots(parts))).toEqual(sorted(whole));
      }),
    );
  });

  test('counts by size, and with whom it took longest', () => {
    const { operations } = recorded([
      (r) => r.record('WEIGHTS', { peer: 'pi-2', bytes: 1023, ms: 5 }),
      (r) => r.record('WEIGHTS', { peer: 'pi-1', bytes: 512, ms: 7 }),
      (r) => r.record('WEIGHTS', { bytes: 0, ms: 9 }),
    ]);
    expect(operations.WEIGHTS?.bytes).toBe(1535);
    expect(operations.WEIGHTS?.sizes.map(([size, { count }]) => [size, count])).toEqual([
      [9, 2],
      [0, 1],
    ]);
    expect(operations.WEIGHTS?.longest).toEqual({ peer: 'pi-1', ms: 7 });
  });

  test('a snapshot does not change any more, and reset keeps only the speed of links', () => {
    const recorder = new NetworkRecorder();
    recorder.setLink('pi-1', { roundTripMs: 3, bytesPerSecond: 9e6 });
    recorder.setLink('pi-1', { roundTripMs: 2, bytesPerSecond: 1e7 });
    const speedOnly = recorder.snapshot();
    recorder.recordLink('pi-1', { sentBytes: 1 });
    recorder.recordLink('pi-2', { waitMs: 1 });
    recorder.record('CONTROL', { bytes: 1, ms: 1 });
    recorder.recordStep({ phase: 'prediction', tokens: 1, computeMs: 1, syncMs: 1 });
    expect(speedOnly.links).toMatchObject([{ sentBytes: 0, speed: { roundTripMs: 2, bytesPerSecond: 1e7 } }]);
    expect(speedOnly.steps.prediction.tokens).toBe(0);
    recorder.reset();
    expect(recorder.snapshot()).toEqual(speedOnly);
  });

  test('of two measurements of a link the slower counts', () => {
    const of = (roundTripMs: number, bytesPerSecond: number) =>
      recorded([(r) => r.setLink('pi-1', { roundTripMs, bytesPerSecond })]);
    expect(mergeNetworkSnapshots([of(1, 5), of(4, 9)]).links[0].speed).toEqual({ roundTripMs: 4, bytesPerSecond: 5 });
  });
});

describe('parseNetworkSnapshot', () => {
  const full = recorded([
    (r) => r.record('SYNC_NODE_SLICES', { bytes: 7072, ms: 2.5 }),
    (r) => r.record('SYNC_NODE_SLICES', { bytes: 7072, ms: 0 }),
    (r) => r.record('WEIGHTS', { peer: 'pi-1', bytes: 1e9, ms: 9000 }),
    (r) => r.recordLink('pi-1', { sentBytes: 10, receivedBytes: 20, waitMs: 1 }),
    (r) => r.setLink('pi-1', { roundTripMs: 1, bytesPerSecond: 1e7 }),
    (r) => r.recordStep({ phase: 'prediction', tokens: 1, computeMs: 3, syncMs: 2 }),
  ]);

  test('takes what a recorder gives', () => {
    expect(sent(full)).toEqual(full);
    expect(sent(recorded([]))).toEqual(recorded([]));
    const extreme = recorded([0, 1e-9, 1e14].map((ms) => (r) => r.record('CONTROL', { bytes: 2 ** 48, ms })));
    expect(sent(extreme)).toEqual(extreme);
  });

  test('refuses what is not one', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseNetworkSnapshot(value)).toThrow(BadNetworkSnapshotError);
      }),
    );
  });

  /** Every place in `value`, as the keys that lead there. */
  const places = (value: unknown, path: readonly string[] = []): (readonly string[])[] => [
    path,
    ...(typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, part]) => places(part, [...path, key]))
      : []),
  ];
  const replaced = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = structuredClone(value) as Record<string, unknown>;
    copy[key] = replaced(copy[key], rest, by);
    return copy;
  };

  test('refuses damage wherever it is', () => {
    const damage = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        true,
        -1,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        1e300,
        '\u001b[2J',
        [1],
        [[1]],
      ),
      fc.constantFrom<unknown>([], {}, 'x'.repeat(129), [[0, 0]], new Array(5000).fill([0, 1])),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places(full)), damage, (path, by) => {
        let parsed: NetworkSnapshot;
        try {
          parsed = parseNetworkSnapshot(replaced(full, path, by));
        } catch (error) {
          expect(error).toBeInstanceOf(BadNetworkSnapshotError);
          expect((error as Error).message).not.toMatch(/\p{Cc}/u);
          return;
        }
        // A link or an operation less is no damage, nor is another bucket.
        const whole = path.includes('buckets') ? 'buckets' : path.at(-1);
        expect(['operations', 'links', 'sizes', 'buckets']).toContain(whole);
        expect(sent(mergeNetworkSnapshots([parsed, parsed]))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['an unknown operation', { ...full, operations: { GOSSIP: full.operations.WEIGHTS } }],
    ['the same peer twice', { ...full, links: [full.links[0], full.links[0]] }],
    [
      'too many links',
      { ...full, links: Array.from({ length: 1025 }, (_, i) => ({ ...full.links[0], peer: `${i}` })) },
    ],
    [
      'buckets that are not there',
      { ...full, links: [{ ...full.links[0], waits: { ...full.links[0].waits, buckets: [] } }] },
    ],
    [
      'the same size twice',
      {
        ...full,
        operations: {
          WEIGHTS: { bytes: 1, sizes: [full.operations.WEIGHTS!.sizes[0], full.operations.WEIGHTS!.sizes[0]] },
        },
      },
    ],
  ])('refuses %s', (_, value) => {
    expect(() => parseNetworkSnapshot(value)).toThrow(BadNetworkSnapshotError);
  });
});
