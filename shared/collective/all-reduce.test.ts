import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, type Algorithm, allReduce } from './all-reduce.ts';
import type { Group } from './group.ts';
import { f32Codec, q16Codec, q80Codec, type VectorCodec, WrongLengthError } from './vector-codec.ts';

/** Groups whose messages arrive in order for each pair, but otherwise whenever `order` says. */
function groupsOf(size: number, order: () => number): Group[] {
  const queues = new Map<
    string,
    { ready: Uint8Array<ArrayBuffer>[]; waiting: ((bytes: Uint8Array<ArrayBuffer>) => void)[] }
  >();
  const queue = (from: number, to: number) => {
    const key = `${from}>${to}`;
    const found = queues.get(key) ?? { ready: [], waiting: [] };
    queues.set(key, found);
    return found;
  };
  const last = new Map<string, Promise<void>>();
  return Array.from({ length: size }, (_, rank) => ({
    size,
    rank,
    send(to, bytes) {
      expect(to).not.toBe(rank);
      const copy = bytes.slice();
      const key = `${rank}>${to}`;
      const turns = order();
      const deliver = (last.get(key) ?? Promise.resolve()).then(async () => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        const { ready, waiting } = queue(rank, to);
        const next = waiting.shift();
        if (next) next(copy);
        else ready.push(copy);
      });
      last.set(key, deliver);
    },
    receive(from) {
      const { ready, waiting } = queue(from, rank);
      return ready.shift() ?? new Promise((resolve) => waiting.push(resolve));
    },
  }));
}

async function reduced(algorithm: Algorithm, vectors: readonly Float32Array[], codec: VectorCodec, order = () => 0) {
  const copies = vectors.map((vector) => vector.slice());
  await Promise.all(
    groupsOf(vectors.length, order).map((group, rank) => allReduce(algorithm, group, copies[rank], codec)),
  );
  return copies;
}

const sumOf = (vectors: readonly Float32Array[]): number[] =>
  Array.from(vectors[0], (_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0));

const anyVectors = fc
  .record({ ranks: fc.integer({ min: 1, max: 9 }), blocks: fc.integer({ min: 1, max: 12 }) })
  .chain(({ ranks, blocks }) => {
    const length = blocks * 32;
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    return fc.array(
      fc.array(value, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values)),
      { minLength: ranks, maxLength: ranks },
    );
  });

describe.each(ALGORITHMS)('%s', (algorithm) => {
  test.each([
    [f32Codec, 1e-6],
    [q16Codec, 1e-4],
    [q80Codec, 0.03],
  ])('adds up, the same to the bit on every rank: %o', async (codec, tolerance) => {
    await fc.assert(
      fc.asyncProperty(anyVectors, fc.infiniteStream(fc.nat(7)), async (vectors, turns) => {
        const results = await reduced(algorithm, vectors, codec, () => turns.next().value as number);
        for (const result of results) expect(result).toEqual(results[0]);
        const scale = vectors.length * Math.max(...vectors.flatMap((vector) => Array.from(vector, Math.abs)), 1e-3);
        sumOf(vectors).forEach((sum, i) => {
          expect(Math.abs(results[0][i] - sum)).toBeLessThanOrEqual(tolerance * scale);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('of vectors that are no whole blocks, as they are', async () => {
    const vectors = [1, 2, 3, 4].map((rank) => Float32Array.from({ length: 75 }, (_, i) => rank * i));
    for (const result of await reduced(algorithm, vectors, f32Codec)) expect([...result]).toEqual(sumOf(vectors));
  });

  test('several in a row do not mix', async () => {
    let turn = 0;
    const groups = groupsOf(5, () => (turn = (turn * 7 + 3) % 11));
    const results = await Promise.all(
      groups.map(async (group, rank) => {
        const sums: number[] = [];
        for (let round = 0; round < 20; round++) {
          const vector = new Float32Array(64).fill(round * 10 + rank);
          await allReduce(algorithm, group, vector, f32Codec);
          sums.push(vector[0], vector[63]);
        }
        return sums;
      }),
    );
    const expected = Array.from({ length: 20 }, (_, round) => [round * 50 + 10, round * 50 + 10]).flat();
    for (const sums of results) expect(sums).toEqual(expected);
  });

  test('a value that is no number stays none', async () => {
    for (const codec of [f32Codec, q16Codec, q80Codec]) {
      const vectors = [0, 1, 2].map(() => new Float32Array(96).fill(1));
      vectors[1][40] = Number.NaN;
      for (const result of await reduced(algorithm, vectors, codec)) expect(result[40]).toBeNaN();
    }
  });
});

test.each([f32Codec, q16Codec, q80Codec])('%o refuses messages of another length', (codec) => {
  const bytes = codec.encode(new Float32Array(64), 0, 64);
  expect(bytes).toHaveLength(codec.bytes(64));
  for (const wrong of [bytes.subarray(1), bytes.subarray(0, -1), new Uint8Array(bytes.length + 1), new Uint8Array()]) {
    expect(() => codec.decode(wrong, new Float32Array(64), 0, 64)).toThrow(WrongLengthError);
    expect(() => codec.add(wrong, new Float32Array(64), 0, 64)).toThrow(WrongLengthError);
  }
});

test.each([f32Codec, q16Codec, q80Codec])('%o reads messages wherever they lie in memory', (codec) => {
  const values = Float32Array.from({ length: 64 }, (_, i) => i - 20);
  const bytes = codec.encode(values, 0, 64);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const [here, there] = [new Float32Array(64), new Float32Array(64)];
  codec.decode(bytes, here, 0, 64);
  codec.decode(shifted.subarray(1), there, 0, 64);
  expect(there).toEqual(here);
  expect(Math.max(...here.map((value, i) => Math.abs(value - values[i])))).toBeLessThan(0.2);
});
