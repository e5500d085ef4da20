import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { createEngine } from '../engine/engine.ts';
import { toyLogitsAfter, toyStepper } from '../engine/toy-stepper.ts';
import { planWindows, scoreText } from './perplexity.ts';

test('windows count every token once, after half a window at least', () => {
  assert(
    property(
      integer({ min: 0, max: 500 }),
      integer({ min: 2, max: 60 }),
      integer({ min: 0, max: 1 }),
      (length, size, first) => {
        const windows = planWindows(length, size, first);
        let counted = first;
        windows.forEach(({ start, end, countFrom }, i) => {
          expect(countFrom).toBe(counted);
          expect(end).toBeGreaterThan(countFrom);
          expect(end - start).toBeLessThanOrEqual(size);
          if (i > 0) expect(countFrom - start).toBe(Math.floor(size / 2));
          counted = end;
        });
        if (length > first) expect(counted).toBe(length);
        else expect(windows).toEqual([]);
      },
    ),
  );
});

const SEQ_LEN = 8;
const VOCABULARY = 50;
const engine = () => createEngine(toyStepper({ seqLen: SEQ_LEN, vocabSize: VOCABULARY }), { clock: () => 0 });

function surprise(before: readonly number[], token: number): number {
  const logits = toyLogitsAfter(before, VOCABULARY);
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[token];
}

test.each([
  ['with a begin token before every window', 1],
  ['without one', undefined],
])('the definition, %s', async (_, bosId) => {
  const text = Array.from({ length: 21 }, (_, i) => (i * 7 + 3) % VOCABULARY);
  const begin = bosId === undefined ? [] : [bosId];
  const first = 1 - begin.length;
  let sum = 0;
  for (let i = first; i < text.length; i++) {
    // By hand: with 8 positions, windows are 8 tokens after bos (9 without), each repeating 4.
    const size = SEQ_LEN + first;
    const beyond = i < size ? 0 : 1 + Math.floor((i - size) / (size - 4));
    const start = beyond * (size - 4);
    sum += surprise([...begin, ...text.slice(start, i)], text[i]);
  }
  const score = await scoreText(engine(), text, bosId);
  expect(score.tokens).toBe(text.length - first);
  expect(score.meanNegativeLogLikelihood).toBeCloseTo(sum / (text.length - first), 5);
  expect(score.perplexity).toBeCloseTo(Math.exp(score.meanNegativeLogLikelihood), 8);
});

test('a text of which nothing can be predicted', async () => {
  await expect(scoreText(engine(), [5], undefined)).rejects.toThrow(/give a longer text/);
  await expect(scoreText(engine(), [], 1)).rejects.toThrow(/give a longer text/);
});
