import { describe, expect, test } from 'vitest';
import { logprobsOf, logSumExp } from './logprobs.ts';

describe('logSumExp', () => {
  test.each([
    [[0, 0], Math.LN2],
    [[1000, 1000], 1000 + Math.LN2],
    [[-1000, Number.NEGATIVE_INFINITY], -1000],
    [[Number.NEGATIVE_INFINITY], Number.NEGATIVE_INFINITY],
  ])('of %j is %d', (values, expected) => {
    expect(logSumExp(values)).toBeCloseTo(expected, 12);
  });

  test('is not a number where a value is not', () => {
    expect(logSumExp([1, Number.NaN, 2])).toBeNaN();
  });
});

test('a whole large vocabulary may be set apart', () => {
  const vocabSize = 200_000;
  const apart = Array.from({ length: vocabSize }, (_, id) => id);
  const answer = {
    ids: new Int32Array(),
    logits: new Float32Array(),
    logSumExp: Number.NEGATIVE_INFINITY,
    apart: new Float32Array(vocabSize),
    full: undefined,
  };
  const { logprob, top } = logprobsOf(answer, apart, 7, 2);
  expect(logprob).toBeCloseTo(-Math.log(vocabSize), 6);
  expect(top.map(({ id }) => id)).toEqual([0, 1]);
});
