// Thousands of damaged files: each must open as something consistent or be refused with a ShoalError, without reading
// past the file and without waiting for anything.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tinyModel, tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import { ShoalError } from '../errors.ts';
import { memorySink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { viewOf } from './header-pairs.ts';
import { checkHeader } from './header-rules.ts';
import { readModel } from './m-file.ts';
import { readVocabulary } from './t-file.ts';
import { writeOldVocabulary, writeVocabulary } from './t-writer.ts';

type Mutation = (bytes: Uint8Array) => Uint8Array;

/** Damage is mostly aimed at the header, where it is likeliest to mislead. */
const place = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 220 }) }, { weight: 1, arbitrary: fc.nat() });
const nastyInt = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 7, 31, 32, 33, 64, 255, 65535, 2 ** 20, 2 ** 24, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 7 })).map(
    ([at, bit]): Mutation =>
      (bytes) => {
        if (bytes.length > 0) bytes[at % bytes.length] ^= 1 << bit;
        return bytes;
      },
  ),
  // A whole aligned number is replaced: keys, values, lengths.
  fc.tuple(place, nastyInt).map(
    ([at, value]): Mutation =>
      (bytes) => {
        const words = bytes.length >> 2;
        if (words > 0) viewOf(bytes).setInt32(4 * ((at >> 2) % words), value, true);
        return bytes;
      },
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 40 })).map(
    ([at, noise]): Mutation =>
      (bytes) => {
        const start = at % (bytes.length + 1);
        bytes.set(noise.subarray(0, bytes.length - start), start);
        return bytes;
      },
  ),
  place.map(
    (size): Mutation =>
      (bytes) =>
        bytes.slice(0, size % (bytes.length + 1)),
  ),
  fc.uint8Array({ maxLength: 64 }).map(
    (extra): Mutation =>
      (bytes) =>
        Uint8Array.of(...bytes, ...extra),
  ),
  // A piece is moved over another, which makes plausible nonsense.
  fc.tuple(place, place, fc.nat({ max: 64 })).map(
    ([from, to, length]): Mutation =>
      (bytes) => {
        const size = bytes.length + 1;
        bytes.copyWithin(to % size, from % size, (from % size) + length);
        return bytes;
      },
  ),
);

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

const damaged = (bytes: Uint8Array, changes: Mutation[]): Uint8Array =>
  changes.reduce<Uint8Array>((current, change) => change(current), bytes.slice());

/** A source that fails the test when it is asked for what the file does not have. */
function watched(bytes: Uint8Array): ByteSource & { readonly bytesRead: number } {
  const source = bytesSource('damaged', bytes);
  let bytesRead = 0;
  return {
    ...source,
    get bytesRead() {
      return bytesRead;
    },
    async readInto(offset, target) {
      if (offset < 0 || target.length > bytes.length || offset + target.length > bytes.length) {
        expect.fail(`read ${target.length} bytes at ${offset} of ${bytes.length}`);
      }
      bytesRead += target.length;
      return source.readInto(offset, target);
    },
  };
}

/** The parsed file, or undefined where it was rightly refused. */
async function parsed<T>(parse: Promise<T>): Promise<T | undefined> {
  try {
    return await parse;
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error;
    expect(error.message).toMatch(/^Cannot [^\n]+; [^\n]+[^.\n]$/);
    return undefined;
  }
}

async function checkModelFile(bytes: Uint8Array): Promise<boolean> {
  const source = watched(bytes);
  const model = await parsed(readModel(source));
  expect(source.bytesRead).toBeLessThan(4096);
  if (model === undefined) return false;
  checkHeader(model.header, 'reopened');
  let end: number | undefined;
  for (const [name, { offset, size, ...shape }] of model.tensors) {
    expect(shape.name).toBe(name);
    expect(offset).toBe(end ?? offset);
    end = offset + size;
  }
  expect(end).toBe(bytes.length);
  return true;
}

async function checkTokenizerFile(bytes: Uint8Array): Promise<boolean> {
  const source = watched(bytes);
  const vocabulary = await parsed(readVocabulary(source));
  expect(source.bytesRead).toBeLessThanOrEqual(bytes.length + 512);
  if (vocabulary === undefined) return false;
  // Consistent means: it can be written, and what was written says the same.
  const sink = memorySink();
  await writeVocabulary(vocabulary, sink);
  expect(await readVocabulary(bytesSource('rewritten', sink.bytes()))).toEqual(vocabulary);
  return true;
}

/** Runs the check on damaged copies of `files`; both outcomes must occur, or the test would show little. */
async function assertSurvives(
  files: Uint8Array[],
  check: (bytes: Uint8Array) => Promise<boolean>,
  numRuns: number,
): Promise<void> {
  let accepted = 0;
  let runs = 0;
  for (const file of files) expect(await check(file)).toBe(true);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
      runs += 1;
      if (await check(damaged(file, changes))) accepted += 1;
    }),
    { numRuns },
  );
  expect(accepted).toBeGreaterThan(runs / 100);
  expect(runs - accepted).toBeGreaterThan(runs / 10);
}

test('damaged models', async () => {
  const small = { dim: 32, hiddenDim: 32, heads: 2, layers: 1, vocabSize: 4 };
  const made = await Promise.all([
    tinyModel({ ...small, ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 32 } }),
    tinyModel({ ...small, weightType: 'f32', dim: 4, hiddenDim: 3, vocabSize: 1 }),
    tinyModel({ ...small, architecture: 'qwen3', weightType: 'q80' }),
    tinyModel({ ...small, architecture: 'qwen3-moe', weightType: 'f16', moeHiddenDim: 5 }),
  ]);
  await assertSurvives(
    made.map(({ bytes }) => bytes),
    checkModelFile,
    8000,
  );
});

test('damaged tokenizers', async () => {
  const write = async (...args: Parameters<typeof writeVocabulary>[0][]) =>
    Promise.all(
      args.map(async (vocabulary) => {
        const sink = memorySink();
        await writeVocabulary(vocabulary, sink);
        return sink.bytes();
      }),
    );
  const vocabulary = tinyVocabulary(20);
  const files = await write(vocabulary, { ...vocabulary, eosIds: [2, 5], chatTemplate: '{{ bos_token }}é' });
  const old = memorySink();
  await writeOldVocabulary(vocabulary, old);
  await assertSurvives([...files, old.bytes()], checkTokenizerFile, 8000);
});

test('noise', async () => {
  const magics = [0x0a00abcd, 0x567124, 0x567123, 0xabcd00];
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(undefined, ...magics), async (noise, magic) => {
      if (magic !== undefined && noise.length >= 4) viewOf(noise).setUint32(0, magic, true);
      await checkModelFile(noise);
      await checkTokenizerFile(noise);
    }),
    { numRuns: 4000 },
  );
});
