import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Step } from '../device/device.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';
import {
  CacheLostError,
  EngineClosedError,
  InvalidRequestError,
  PromptTooLongError,
  QueueFullError,
  UnusableLogitsError,
} from './errors.ts';
import type { GeneratedToken, Generation } from './generation.ts';
import type { GenerateRequest } from './request.ts';
import type { Stepper } from './stepper.ts';
import { type ToyOptions, toyLogits, toyLogitsAfter, toyStepper } from './toy-stepper.ts';

const engineOn = (stepper: Stepper, options: Partial<EngineOptions> = {}): Engine => {
  let now = 0;
  return createEngine(stepper, { clock: () => now++, ...options });
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function collect(generation: Generation): Promise<number[]> {
  const ids: number[] = [];
  for await (const batch of generation) ids.push(...batch.map(({ id }) => id));
  return ids;
}

/** What a request gives where it is alone on a fresh engine. */
const alone = (request: GenerateRequest, options: ToyOptions = {}): Promise<number[]> =>
  collect(engineOn(toyStepper(options)).generate(request));

const greedy = { temperature: 0 };
const argmax = (row: Float32Array): number => row.indexOf(Math.max(...row));

function greedyAfter(prompt: readonly number[], count: number, vocabSize = 50): number[] {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + count) tokens.push(argmax(toyLogitsAfter(tokens, vocabSize)));
  return tokens.slice(prompt.length);
}

describe('generate', () => {
  test('gives what the model says, token by token', async () => {
    const prompt = Array.from({ length: 30 }, (_, i) => i);
    expect(await alone({ prompt, maxTokens: 10, sampling: greedy })).toEqual(greedyAfter(prompt, 10));
  });

  test('ends with a stop token, which is flagged', async () => {
    const expected = greedyAfter([1, 2], 10);
    const stop = expected[4]!;
    const at = expected.indexOf(stop);
    const generation = engineOn(toyStepper()).generate({
      prompt: [1, 2],
      maxTokens: 10,
      stopIds: [stop],
      sampling: greedy,
    });
    const tokens: GeneratedToken[] = [];
    for await (const batch of generation) tokens.push(...batch);
    expect(tokens.map(({ id, index, isStop }) => [id, index, isStop])).toEqual(
      expected.slice(0, at + 1).map((id, i) => [id, i, i === at]),
    );
    expect((await generation.finished).finishReason).toBe('stop');
  });

  test('ends when maxTokens are there or the context is full', async () => {
    const engine = engineOn(toyStepper({ seqLen: 10 }));
    const run = async (prompt: number[], maxTokens: number) => {
      const generation = engine.generate({ prompt, maxTokens, sampling: greedy });
      const ids = await collect(generation);
      return [ids.length, (await generation.finished).finishReason];
    };
    expect(await run([1, 2], 5)).toEqual([5, 'length']);
    expect(await run([1, 2], 0)).toEqual([0, 'length']);
    expect(await run([1, 2, 3, 4, 5, 6, 7, 8], 50)).toEqual([3, 'length']);
    expect(await run([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 50)).toEqual([1, 'length']);
  });

  test('refuses what cannot be done, with the numbers', () => {
    const engine = engineOn(toyStepper({ seqLen: 4 }));
    const generate = (request: Partial<GenerateRequest>) => engine.generate({ prompt: [1], maxTokens: 1, ...request });
    expect(() => generate({ prompt: [1, 2, 3, 4, 5] })).toThrow(PromptTooLongError);
    expect(() => generate({ prompt: [1, 2, 3, 4, 5] })).toThrow(/5 tokens.*holds 4;.*--max-seq-len/);
    expect(() => generate({ prompt: [] })).toThrow(InvalidRequestError);
    expect(() => generate({ prompt: [50] })).toThrow(/token 50/);
    expect(() => generate({ maxTokens: -1 })).toThrow(/maxTokens/);
    expect(() => generate({ logprobs: 0.5 })).toThrow(/logprobs/);
    expect(() => generate({ sampling: { topP: 0 } })).toThrow(/topP is 0;/);
    expect(() => generate({ sampling: { temperature: Number.NaN } })).toThrow(/temperature/);
    expect(() => generate({ sampling: { logitBias: new Map([[99, 1]]) } })).toThrow(/token 99/);
    expect(engine.status().waiting).toBe(0);
  });

  test('seeds repeat, and requests without one differ', async () => {
    const request = { prompt: [3], maxTokens: 20, sampling: { seed: 5 } };
    expect(await alone(request)).toEqual(await alone(request));
    expect(await alone(request)).not.toEqual(await alone({ ...request, sampling: { seed: 6 } }));
    expect(await alone({ ...request, sampling: {} })).not.toEqual(await alone({ ...request, sampling: {} }));
  });

  test('computes a position again where the largest logits do not decide, and asks for all if that is usual', async () => {
    const flat = {
      vocabSize: 1000,
      logitsOf: (state: number, size: number) => toyLogits(state, size).map((x) => x / 9),
    };
    const stepper = toyStepper(flat);
    const sampling = { seed: 1, temperature: 1.5 };
    const ids = await collect(engineOn(stepper).generate({ prompt: [1], maxTokens: 50, sampling }));
    expect(ids).toHaveLength(50);
    expect(stepper.steps).toBeGreaterThan(50);
    expect(stepper.steps).toBeLessThan(60);
    // A repeated position takes the same random numbers, so that asking twice does not favour what was there at once.
    const generous = toyStepper(flat);
    const run = generous.run.bind(generous);
    const all = ({ runs }: Step): Step => ({
      runs: runs.map((one) => ({ ...one, wanted: one.wanted.map((request) => ({ ...request, full: true })) })),
    });
    const engine = engineOn(Object.assign(generous, { run: (step: Step) => run(all(step)) }));
    expect(await collect(engine.generate({ prompt: [1], maxTokens: 50, sampling }))).toEqual(ids);
    expect(generous.steps).toBe(50);
    const peaked = toyStepper({ vocabSize: 1000, logitsOf: (state, size) => toyLogits(state, size).map((x) => x * 3) });
    await collect(engineOn(peaked).generate({ prompt: [1], maxTokens: 50, sampling: { seed: 1, temperature: 0.7 } }));
    expect(peaked.steps).toBeLessThan(53);
  });

  test('reports log-probabilities where asked', async () => {
    const generation = engineOn(toyStepper()).generate({ prompt: [1, 2], maxTokens: 3, sampling: greedy, logprobs: 2 });
    const tokens = [1, 2];
    const answers: GeneratedToken[] = [];
    for await (const batch of generation) answers.push(...batch);
    expect(answers).toHaveLength(3);
    for (const { id, logprobs } of answers) {
      const row = [...toyLogitsAfter(tokens, 50)];
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(logprobs!.logprob).toBeCloseTo(row[id]! - total, 5);
      expect(logprobs!.top[0]).toEqual({ id, logprob: logprobs!.logprob });
      expect(logprobs!.top).toHaveLength(2);
      tokens.push(id);
    }
  });

  test('a slow reader loses nothing, a second reader gets all, and leaving the loop cancels', async () => {
    const engine = engineOn(toyStepper());
    const generation = engine.generate({ prompt: [1], maxTokens: 9, sampling: greedy });
    await generation.finished;
    expect(await collect(generation)).toEqual(greedyAfter([1], 9));
    expect(await collect(generation)).toEqual(greedyAfter([1], 9));
    const left = engine.generate({ prompt: [1], maxTokens: 50, sampling: greedy });
    for await (const batch of left) if (batch.some(({ index }) => index === 3)) break;
    expect((await left.finished).finishReason).toBe('cancelled');
    expect(engine.status().running).toBe(0);
  });

  test('sums a request up', async () => {
    const engine = engineOn(toyStepper());
    const generation = engine.generate({ prompt: [1, 2, 3], maxTokens: 4, sampling: greedy });
    const { metrics, evaluation, prediction, reusedTokens } = await generation.finished;
    expect(metrics).toMatchObject({ InputTokens: 3, OutputTokens: 4 });
    expect(metrics.TTFT_S! + (3 * metrics.TPOT_MS!) / 1000).toBeCloseTo(metrics.RCT_S, 9);
    expect([evaluation.tokens, prediction.tokens, reusedTokens]).toEqual([3, 3, 0]);
    expect(prediction.ms).toBeGreaterThan(0);
  });
});

describe('several requests', () => {
  const request = fc.record({
    // Few different tokens, so that prompts share prefixes.
    prompt: fc.array(fc.nat(1), { minLength: 1, maxLength: 25 }),
    maxTokens: fc.nat(12),
    stopIds: fc.array(fc.nat(49), { maxLength: 4 }),
    sampling: fc.record({
      temperature: fc.constantFrom(0, 0.7, 1),
      topK: fc.constantFrom(0, 5),
      topP: fc.constantFrom(1, 0.9),
      frequencyPenalty: fc.constantFrom(0, 0.5),
      repetitionPenalty: fc.constantFrom(1, 1.2),
      seed: fc.nat(1000),
    }),
  });
  const plan = fc.record({
    request,
    /** The step before which it is made. */
    arrival: fc.nat(20),
    /** How many steps later it is cancelled, if at all. */
    patience: fc.option(fc.nat(15)),
  });
  const machine = fc.record({
    slots: fc.integer({ min: 1, max: 4 }),
    maxTokens: fc.integer({ min: 1, max: 12 }),
    vocabSize: fc.constantFrom(50, 400),
    /** Steps before which the cache is lost. */
    losses: fc.uniqueArray(fc.nat(30), { maxLength: 3 }),
  });

  test('each gets the tokens that it gets alone, whoever else comes, leaves or shares its slot', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 7 }), machine, async (plans, options) => {
        let generations: (Generation | undefined)[] = [];
        let made = false;
        const arrive = (now: number): void => {
          plans.forEach(({ request, arrival, patience }, i) => {
            if (arrival <= now) generations[i] ??= engine.generate(request);
            if (patience !== null && arrival + patience <= now) generations[i]?.cancel();
          });
        };
        const stepper = toyStepper({
          ...options,
          onStep: (_, number) => {
            arrive(number);
            if (!options.losses.includes(number) || made) return;
            made = true;
            stepper.loseCache();
            throw new CacheLostError('a test');
          },
        });
        const engine = engineOn(stepper);
        generations = plans.map(() => undefined);
        arrive(0);
        for (let now = 0; generations.some((generation) => !generation); now++) {
          arrive(now);
          await turn();
        }
        for (const [i, { request, patience }] of plans.entries()) {
          const ids = await collect(generations[i]!);
          const expected = await alone(request, { vocabSize: options.vocabSize });
          if (patience === null) expect(ids).toEqual(expected);
          else expect(expected.slice(0, ids.length)).toEqual(ids);
        }
        expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
      }),
      { numRuns: 400 },
    );
  });

  test('a thousand end, and each as alone', async () => {
    const requests = fc.sample(request, { numRuns: 1000, seed: 1 });
    const stepper = toyStepper({ slots: 4, maxTokens: 16 });
    const engine = engineOn(stepper, { maxQueue: 1000 });
    const answers = await Promise.all(requests.map((one) => collect(engine.generate(one))));
    for (let i = 0; i < requests.length; i += 13) expect(answers[i]).toEqual(await alone(requests[i]!));
    const inputs = requests.reduce((sum, { prompt, maxTokens }) => sum + (maxTokens > 0 ? prompt.length : 0), 0);
    const outputs = answers.flat().length;
    expect(stepper.computed).toBeLessThan(inputs + outputs); // some prefixes were reused
    expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
  });

  test('a conversation that goes on computes only what is new', async () => {
    const stepper = toyStepper();
    const engine = engineOn(stepper);
    const first = await collect(engine.generate({ prompt: [1, 2, 3], maxTokens: 5, sampling: greedy }));
    const before = stepper.computed;
    const prompt = [1, 2, 3, ...first, 7, 8];
    const second = engine.generate({ prompt, maxTokens: 5, sampling: greedy });
    expect(await collect(second)).toEqual(greedyAfter(prompt, 5));
    // Of the first answer's 5 tokens the last was never fed; of the second's neither.
    expect((await second.finished).reusedTokens).toBe(7);
    expect(stepper.computed - before).toBe(prompt.length - 7 + 4);
  });

  test('no more run than a step has tokens for, or the newest would starve', async () => {
    const running: number[] = [];
    const stepper = toyStepper({ slots: 4, maxTokens: 2, onStep: () => void running.push(engine.status().running) });
    const engine = engineOn(stepper);
    const generations = [1, 2, 3, 4].map((id) => engine.generate({ prompt: [id, 5], maxTokens: 6 }));
    await Promise.all(generations.map((generation) => generation.finished));
    expect(Math.max(...running)).toBe(2);
  });

  test('a short prompt overtakes a long one', async () => {
    const engine = engineOn(toyStepper({ seqLen: 200, maxTokens: 8 }));
    const long = engine.generate({ prompt: Array.from({ length: 150 }, () => 1), maxTokens: 1 });
    const short = engine.generate({ prompt: [1, 2, 3], maxTokens: 1 });
    const order: string[] = [];
    await Promise.all([long.finished.then(() => order.push('long')), short.finished.then(() => order.push('short'))]);
    expect(order).toEqual(['short', 'long']);
  });
});

describe('cancel', () => {
  test('frees the slot at once: in the queue, in the prompt, and while generating', async () => {
    const started = Promise.withResolvers<void>();
    const resume = Promise.withResolvers<void>();
    const stepper = toyStepper({
      slots: 1,
      maxTokens: 4,
      onStep: async (_, number) => {
        if (number === 1) {
          started.resolve();
          await resume.promise;
        }
      },
    });
    const engine = engineOn(stepper);
    const long = engine.generate({ prompt: Array.from({ length: 40 }, () => 1), maxTokens: 20 });
    const queued = engine.generate({ prompt: [2], maxTokens: 20 });
    const last = engine.generate({ prompt: [3], maxTokens: 5, sampling: greedy });
    await started.promise;
    expect(engine.status()).toMatchObject({ running: 1, waiting: 2 });
    queued.cancel();
    expect(engine.status()).toMatchObject({ running: 1, waiting: 1 });
    long.cancel();
    long.cancel();
    expect(engine.status()).toMatchObject({ running: 0, waiting: 1 });
    expect((await long.finished).finishReason).toBe('cancelled');
    expect((await queued.finished).metrics).toMatchObject({ OutputTokens: 0, TTFT_S: undefined });
    resume.resolve();
    expect(await collect(last)).toEqual(greedyAfter([3], 5));
    expect(stepper.computed).toBe(4 + 4 + 5); // two chunks of the long prompt, then the last request only
  });

  test('while a step runs leaves its tokens to the slot and gives none to the reader', async () => {
    const stepper = toyStepper({ slots: 1, onStep: (_, number) => (number === 1 ? cancelled.cancel() : undefined) });
    const engine = engineOn(stepper);
    const first = engine.generate({ prompt: [1, 2, 3, 4, 5, 6], maxTokens: 1 });
    const cancelled = engine.generate({ prompt: [1, 2, 3, 9, 9, 9], maxTokens: 9 });
    // Would reuse what `first` left, had `cancelled` not been at the same place.
    const last = engine.generate({ prompt: [1, 2, 3, 4, 5, 6, 7], maxTokens: 5, sampling: greedy });
    await first.finished;
    expect(await collect(last)).toEqual(greedyAfter([1, 2, 3, 4, 5, 6, 7], 5));
    expect((await last.finished).reusedTokens).toBe(3);
    expect(await collect(cancelled)).toEqual([]);
  });

  test('may say that a stop text was found', async () => {
    const generation = engineOn(toyStepper()).generate({ prompt: [1], maxTokens: 20 });
    for await (const batch of generation) if (batch.some(({ index }) => index === 2)) generation.cancel('stop');
    expect(await generation.finished).toMatchObject({ finishReason: 'stop', metrics: { OutputTokens: 3 } });
  });
});

describe('failures', () => {
  test('the queue is bounded', async () => {
    const engine = engineOn(toyStepper({ slots: 2 }), { maxQueue: 1 });
    const generate = () => engine.generate({ prompt: [1], maxTokens: 2 });
    const accepted = [generate(), generate(), generate()];
    expect(generate).toThrow(QueueFullError);
    await expect(engine.score([1, 2])).rejects.toThrow(QueueFullError);
    accepted[2]!.cancel();
    accepted.push(generate());
    await Promise.all(accepted.map((generation) => generation.finished));
    await generate().finished;
  });

  test('a failed step ends those in it; the engine goes on and reuses nothing of theirs', async () => {
    const failure = new Error('the GPU went away');
    const stepper = toyStepper({
      slots: 2,
      onStep: (_, number) => {
        if (number === 2) throw failure;
      },
    });
    const engine = engineOn(stepper);
    const doomed = [1, 2].map((id) => engine.generate({ prompt: [id, 3, 3], maxTokens: 9, sampling: greedy }));
    const waiting = engine.generate({ prompt: [1, 3, 3], maxTokens: 9, sampling: greedy });
    for (const generation of doomed) {
      const seen: number[] = [];
      const read = async () => {
        for await (const batch of generation) seen.push(...batch.map(({ id }) => id));
      };
      await expect(read()).rejects.toBe(failure);
      expect(seen).toHaveLength(2); // what came before remains readable
      await expect(generation.finished).rejects.toBe(failure);
    }
    expect(await collect(waiting)).toEqual(greedyAfter([1, 3, 3], 9));
    expect((await waiting.finished).reusedTokens).toBe(0);
  });

  test('a lost cache is computed again, unless it is lost again and again', async () => {
    const lossyAt = (...losses: number[]) =>
      toyStepper({
        onStep: (_, number) => {
          if (losses.includes(number)) throw new CacheLostError('a rank left');
        },
      });
    const request = { prompt: [1, 2, 3], maxTokens: 9, sampling: greedy };
    expect(await collect(engineOn(lossyAt(3, 4)).generate(request))).toEqual(greedyAfter([1, 2, 3], 9));
    // A step that succeeds in between is progress.
    expect(await collect(engineOn(lossyAt(0, 3, 5, 8, 9, 11)).generate(request))).toEqual(greedyAfter([1, 2, 3], 9));
    const engine = engineOn(lossyAt(3, 4, 5));
    await expect(engine.generate(request).finished).rejects.toThrow(CacheLostError);
    expect(await collect(engine.generate(request))).toEqual(greedyAfter([1, 2, 3], 9));
  });

  test('logits that are not numbers end only the request that met them', async () => {
    const poison = toyLogitsAfter([7], 50)[0]!;
    const stepper = toyStepper({
      logitsOf: (state, size) => {
        const row = toyLogits(state, size);
        return row[0] === poison ? row.fill(Number.NaN) : row;
      },
    });
    const engine = engineOn(stepper);
    const bad = engine.generate({ prompt: [7], maxTokens: 5, sampling: greedy });
    const good = engine.generate({ prompt: [8], maxTokens: 5, sampling: greedy });
    await expect(bad.finished).rejects.toThrow(UnusableLogitsError);
    expect(await collect(good)).toEqual(greedyAfter([8], 5));
    await expect(engine.score([7, 1])).rejects.toThrow(UnusableLogitsError);
    // What the slot held may be what spoiled the logits, and is not reused.
    const again = engine.generate({ prompt: [7, 2], maxTokens: 1 });
    expect((await again.finished).reusedTokens).toBe(0);
  });

  test('a stepper that answers too little is found out', async () => {
    const engine = engineOn({ ...toyStepper(), run: async () => [] });
    await expect(engine.generate({ prompt: [1], maxTokens: 1 }).finished).rejects.toThrow(
      /1 rows of logits but answered 0/,
    );
    const stingy = toyStepper({ vocabSize: 2000 });
    const run = stingy.run.bind(stingy);
    const withoutRows = async (step: Step) => (await run(step)).map((answer) => ({ ...answer, full: undefined }));
    const poor = engineOn(Object.assign(stingy, { run: withoutRows }));
    await expect(poor.generate({ prompt: [1], maxTokens: 60, sampling: { seed: 1 } }).finished).rejects.toThrow(
      /whole row/,
    );
  });

  test('close fails what runs and waits, and waits for the step', async () => {
    let running = false;
    const stepper = toyStepper({
      slots: 1,
      onStep: async () => {
        running = true;
        await turn();
        running = false;
      },
    });
    const engine = engineOn(stepper);
    const generations = [1, 2].map((id) => engine.generate({ prompt: [id], maxTokens: 9 }));
    await Promise.resolve().then(() => {});
    await engine.close();
    expect(running).toBe(false);
    for (const generation of generations) await expect(generation.finished).rejects.toThrow(EngineClosedError);
    expect(() => engine.generate({ prompt: [1], maxTokens: 1 })).toThrow(EngineClosedError);
    expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe('score', () => {
  test('gives each token’s log-probability after those before it, in chunks and beside others', async () => {
    const logprob = (tokens: number[], next: number): number => {
      const row = [...toyLogitsAfter(tokens, 50)];
      return row[next]! - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(49), { minLength: 2, maxLength: 65 }),
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.nat(6)),
        async (tokens, maxTokens, loss) => {
          const stepper = toyStepper({
            maxTokens,
            onStep: (_, number) => {
              if (number === loss) {
                stepper.loseCache();
                throw new CacheLostError('a test');
              }
            },
          });
          const engine = engineOn(stepper);
          const beside = engine.generate({ prompt: tokens.slice(0, 20), maxTokens: 5, sampling: greedy });
          const scores = await engine.score(tokens);
          expect(scores).toHaveLength(tokens.length - 1);
          scores.forEach((score, i) => {
            expect(score).toBeCloseTo(logprob(tokens.slice(0, i + 1), tokens[i + 1]!), 4);
          });
          expect(await collect(beside)).toEqual(greedyAfter(tokens.slice(0, 20), 5));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('refuses too little and too much', async () => {
    const engine = engineOn(toyStepper({ seqLen: 4 }));
    await expect(engine.score([1])).rejects.toThrow(InvalidRequestError);
    await expect(engine.score([1, 2, 3, 4, 5])).resolves.toHaveLength(4);
    await expect(engine.score([1, 2, 3, 4, 5, 6])).rejects.toThrow(PromptTooLongError);
  });
});
