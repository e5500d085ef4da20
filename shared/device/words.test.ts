import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Candidates, Step } from './device.ts';
import { candidatesFromWords, candidatesToWords, MalformedWordsError, stepFromWords, stepToWords } from './words.ts';

const id = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const floats = (length: number) => fc.float32Array({ minLength: length, maxLength: length });
const anyStep: fc.Arbitrary<Step> = fc.record({
  runs: fc.array(
    fc.record({
      slot: id,
      position: id,
      tokens: fc.array(id),
      wanted: fc.array(fc.record({ topK: id, full: fc.boolean(), apart: fc.array(id) })),
    }),
  ),
});
const anyCandidates: fc.Arbitrary<Candidates> = fc.nat(9).chain((count) =>
  fc.record({
    ids: fc.int32Array({ minLength: count, maxLength: count }),
    logits: floats(count),
    logSumExp: fc.double(),
    apart: fc.float32Array(),
    full: fc.option(fc.float32Array(), { nil: undefined }),
  }),
);

test('steps and answers come back as they were', () => {
  fc.assert(
    fc.property(anyStep, fc.array(anyCandidates), (step, rows) => {
      expect(stepFromWords(stepToWords(step))).toEqual(step);
      expect(candidatesFromWords(candidatesToWords(rows))).toEqual(rows);
    }),
  );
});

test('words from strangers are read or refused, and never more is made of them than they are', () => {
  const small = fc.oneof(fc.nat(6), id);
  fc.assert(
    fc.property(fc.array(small, { maxLength: 40 }), (numbers) => {
      const words = Int32Array.from(numbers);
      for (const [read, write] of [
        [stepFromWords, stepToWords],
        [candidatesFromWords, candidatesToWords],
      ] as const) {
        try {
          const value = read(words);
          // Flags and absent lists have many spellings; all else has one.
          expect(write(value as never)).toHaveLength(words.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedWordsError);
        }
      }
    }),
    { numRuns: 5000 },
  );
});

test('a part of a step is no step', () => {
  const whole = stepToWords({
    runs: [{ slot: 1, position: 2, tokens: [3, 4], wanted: [{ topK: 1, full: true, apart: [7] }] }],
  });
  for (let end = 0; end < whole.length; end++) {
    expect(() => stepFromWords(whole.subarray(0, end))).toThrow(MalformedWordsError);
  }
  expect(() => stepFromWords(Int32Array.of(...whole, 0))).toThrow(MalformedWordsError);
});
