import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Step } from '../device/device.ts';
import type { TokenId } from '../units.ts';
import type { TokenConstraint } from './constraint.ts';
import { createEngine } from './engine.ts';
import type { GeneratedToken } from './generation.ts';
import type { GenerateRequest } from './request.ts';
import { TokenSet } from './token-set.ts';
import { type ToyOptions, type ToyStepper, toyLogits, toyLogitsAfter, toyStepper } from './toy-stepper.ts';

/** What `rule` says of the tokens generated so far. */
function constrain(vocabSize: number, rule: (tokens: readonly TokenId[]) => Iterable<TokenId>): TokenConstraint {
  const after = (tokens: readonly TokenId[]): TokenConstraint => ({
    allowed: () => new TokenSet(vocabSize, rule(tokens)),
    after: (id) => after([...tokens, id]),
  });
  return after([]);
}

const multiples = (of: number, vocabSize: number): number[] =>
  Array.from({ length: Math.ceil(vocabSize / of) }, (_, i) => i * of);

async function run(request: Partial<GenerateRequest>, options: ToyOptions | ToyStepper = {}) {
  const stepper = 'run' in options ? options : toyStepper(options);
  const engine = createEngine(stepper, { clock: () => 0 });
  const generation = engine.generate({ prompt: [1, 2], maxTokens: 8, ...request });
  const tokens: GeneratedToken[] = [];
  for await (const batch of generation) tokens.push(...batch);
  return { ids: tokens.map(({ id }) => id), tokens, ...(await generation.finished) };
}

test.each([50, 1000])('greedy takes the most probable of the allowed, of %d tokens', async (vocabSize) => {
  const rule = (tokens: readonly TokenId[]) => multiples(2 + (tokens.length % 3), vocabSize);
  const { ids, finishReason } = await run(
    { constraint: constrain(vocabSize, rule), sampling: { temperature: 0 } },
    { vocabSize },
  );
  const expected: number[] = [];
  while (expected.length < 8) {
    const row = toyLogitsAfter([1, 2, ...expected], vocabSize);
    expected.push(rule(expected).reduce((best, id) => (row[id]! > row[best]! ? id : best)));
  }
  expect(ids).toEqual(expected);
  expect(finishReason).toBe('length');
});

test('where none of the largest logits is allowed, the position is computed again', async () => {
  const vocabSize = 1000;
  const logitsOf = (_: number, size: number) => Float32Array.from({ length: size }, (_, id) => -id / 100);
  const late = Array.from({ length: 300 }, (_, i) => 999 - i);
  for (const temperature of [0, 1]) {
    const stepper = toyStepper({ vocabSize, logitsOf });
    const sampling = { temperature, topK: 1 };
    const { ids } = await run({ constraint: constrain(vocabSize, () => late), sampling, maxTokens: 3 }, stepper);
    expect(ids).toEqual([700, 700, 700]);
    expect(stepper.steps).toBeGreaterThan(3);
  }
});

test('draws from the distribution over the allowed tokens', async () => {
  const allowed = [3, 8, 21, 30];
  const logitsOf = (state: number, size: number) => toyLogits(state, size).map((logit) => logit / 4);
  const constraint = constrain(50, () => allowed);
  const counts = new Map<number, number>();
  const draws = 4000;
  for (let seed = 0; seed < draws; seed++) {
    const { ids } = await run({ constraint, maxTokens: 1, sampling: { seed } }, { logitsOf });
    counts.set(ids[0]!, (counts.get(ids[0]!) ?? 0) + 1);
  }
  const row = toyLogitsAfter([1, 2], 50).map((logit) => Math.exp(logit / 4));
  const total = allowed.reduce((sum, id) => sum + row[id]!, 0);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(allowed);
  // Five standard deviations of a count.
  for (const id of allowed) {
    const p = row[id]! / total;
    expect(Math.abs(counts.get(id)! - draws * p)).toBeLessThan(5 * Math.sqrt(draws * p * (1 - p)));
  }
});

test('the tokens are the same whether the whole row was at hand or not, and only allowed ones', async () => {
  const setting = fc.record({
    temperature: fc.constantFrom(0, 0.6, 1, 1.4),
    topK: fc.constantFrom(0, 5, 300),
    topP: fc.constantFrom(1, 0.9),
    minP: fc.constantFrom(0, 0.05),
    repetitionPenalty: fc.constantFrom(1, 1.3),
    frequencyPenalty: fc.constantFrom(0, 0.5),
    seed: fc.nat(1000),
  });
  const all = ({ runs }: Step): Step => ({
    runs: runs.map((one) => ({ ...one, wanted: one.wanted.map((request) => ({ ...request, full: true })) })),
  });
  await fc.assert(
    fc.asyncProperty(setting, fc.integer({ min: 1, max: 9 }), async (sampling, step) => {
      const rule = (tokens: readonly TokenId[]) => multiples(step + tokens.length, 400);
      const request = { sampling, constraint: constrain(400, rule), maxTokens: 12 };
      const { ids } = await run(request, { vocabSize: 400 });
      ids.forEach((id, i) => {
        expect(id % (step + i)).toBe(0);
      });
      expect((await run(request, { vocabSize: 400 })).ids).toEqual(ids);
      const stepper = toyStepper({ vocabSize: 400 });
      const original = stepper.run.bind(stepper);
      const generous = Object.assign(stepper, { run: (step: Step) => original(all(step)) });
      expect((await run(request, generous)).ids).toEqual(ids);
    }),
    { numRuns: 150 },
  );
});

test('ends where nothing is allowed, also before the first token', async () => {
  const shrinking = constrain(50, (tokens) => [5, 6, 7].slice(tokens.length));
  expect(await run({ constraint: shrinking })).toMatchObject({ finishReason: 'stop', ids: { length: 3 } });
  expect(await run({ constraint: constrain(50, () => []) })).toMatchObject({ finishReason: 'stop', ids: [] });
});

test('a stop id ends the text where it is allowed and chosen', async () => {
  const constraint = constrain(50, (tokens) => (tokens.length < 4 ? [1, 2] : [9]));
  const { tokens, finishReason } = await run({ constraint, stopIds: [9] });
  expect(tokens.map(({ isStop }) => isStop)).toEqual([false, false, false, false, true]);
  expect(finishReason).toBe('stop');
});

test('log-probabilities stay those of the whole vocabulary, of a token without alternative too', async () => {
  const rule = (tokens: readonly TokenId[]) => (tokens.length % 2 === 0 ? [17] : multiples(3, 400));
  const { tokens } = await run({ constraint: constrain(400, rule), logprobs: 2 }, { vocabSize: 400 });
  const before = [1, 2];
  for (const { id, logprobs } of tokens) {
    const row = [...toyLogitsAfter(before, 400)];
    const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
    expect(logprobs!.logprob).toBeCloseTo(row[id]! - total, 5);
    expect(logprobs!.top[0]!.logprob).toBeCloseTo(Math.max(...row) - total, 5);
    before.push(id);
  }
  expect(tokens.map(({ id }) => id).filter((_, i) => i % 2 === 0)).toEqual([17, 17, 17, 17]);
});
