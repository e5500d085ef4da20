import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectCandidates } from '../device/top-k.ts';
import type { History } from './alterations.ts';
import { UnusableLogitsError } from './errors.ts';
import { logprobsOf } from './logprobs.ts';
import { planSample, type SamplePlan, sample } from './sampler.ts';
import { greedySampling, plainSampling, type Sampling } from './sampling.ts';
import { TokenSet } from './token-set.ts';

/** Penalties and bias on the whole row, written down as their definitions say. */
function naiveAltered(sampling: Sampling, { tokens, promptLength }: History, row: Float32Array): number[] {
  const window = new Set(tokens.slice(Math.max(0, tokens.length - sampling.repetitionWindow)));
  const generated = tokens.slice(promptLength);
  return Array.from(row, (logit, id) => {
    const count = generated.filter((token) => token === id).length;
    let altered = logit;
    if (window.has(id)) {
      altered = altered > 0 ? altered / sampling.repetitionPenalty : altered * sampling.repetitionPenalty;
    }
    altered -= count * sampling.frequencyPenalty + (count > 0 ? sampling.presencePenalty : 0);
    return altered + (sampling.logitBias.get(id) ?? 0);
  });
}

/** Ids with their probabilities, in sorted order, by softmax over all allowed, cut and renormalised step by step. */
function naiveDistribution(
  sampling: Sampling,
  logits: readonly number[],
  allowed?: TokenSet | undefined,
): { id: number; p: number }[] {
  const softmax = (entries: { id: number; p: number }[]): { id: number; p: number }[] => {
    const total = entries.reduce((sum, { p }) => sum + p, 0);
    return entries.map(({ id, p }) => ({ id, p: p / total }));
  };
  const ids = [...logits.keys()].filter((id) => allowed?.has(id) ?? true);
  const max = Math.max(...ids.map((id) => logits[id]!));
  let entries = softmax(ids.map((id) => ({ id, p: Math.exp((logits[id]! - max) / sampling.temperature) })));
  entries.sort((a, b) => logits[b.id]! - logits[a.id]! || a.id - b.id);
  if (sampling.topK > 0) entries = softmax(entries.slice(0, sampling.topK));
  const largest = entries[0]!.p;
  let before = 0;
  const nucleus = entries.filter(({ p }) => {
    const kept = before < sampling.topP;
    before += p;
    return kept;
  });
  return softmax(nucleus.filter(({ p }) => p >= sampling.minP * largest));
}

// Odd fractions, so that no sum of probabilities hits a threshold but for rounding.
const fraction = fc.integer({ min: 1, max: 996 }).map((n) => n / 997);
const settings = fc.record({
  temperature: fc.constantFrom(0.31, 0.8, 1, 1, 1.37, 3.1),
  topK: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
  topP: fc.oneof(fc.constant(1), fraction),
  minP: fc.oneof(fc.constant(0), fraction),
  repetitionPenalty: fc.constantFrom(1, 1, 1.3, 0.7),
  repetitionWindow: fc.constantFrom(0, 3, 64, Number.POSITIVE_INFINITY),
  presencePenalty: fc.constantFrom(0, 0, 0.61, -0.4),
  frequencyPenalty: fc.constantFrom(0, 0, 0.37),
});

interface Situation {
  readonly sampling: Sampling;
  readonly row: Float32Array;
  readonly tokens: readonly number[];
  readonly promptLength: number;
  readonly k: number;
  readonly allowed: TokenSet | undefined;
  /** Ask for the allowed logits by name. */
  readonly named: boolean;
}

const situation: fc.Arbitrary<Situation> = fc
  .tuple(settings, fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 20 }))
  .chain(([sampling, vocabSize, k]) => {
    const id = fc.nat(vocabSize - 1);
    const logit = fc.oneof(
      fc.integer({ min: -4, max: 4 }),
      fc.integer({ min: -9000, max: 9000 }).map((n) => n / 1009),
    );
    return fc.record({
      sampling: fc
        .array(
          fc.tuple(
            id,
            fc.integer({ min: -500, max: 500 }).map((n) => n / 101),
          ),
          { maxLength: 3 },
        )
        .map((bias): Sampling => ({ ...plainSampling, ...sampling, logitBias: new Map(bias) })),
      row: fc.array(logit, { minLength: vocabSize, maxLength: vocabSize }).map((values) => Float32Array.from(values)),
      tokens: fc.array(id, { minLength: 1, maxLength: 12 }),
      promptLength: fc.nat(6),
      k: fc.constant(Math.max(k, sampling.topK)),
      allowed: fc.option(
        fc
          .oneof(
            fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
            fc.uniqueArray(id, { minLength: 1, maxLength: vocabSize }),
          )
          .map((ids) => new TokenSet(vocabSize, ids)),
        { nil: undefined },
      ),
      named: fc.boolean(),
    });
  });

/** A plan that asks for fewer logits than the usual number, so that small vocabularies run short of them. */
function planWith(sampling: Sampling, history: History, vocabSize: number, topK: number): SamplePlan {
  const plan = planSample(sampling, history, vocabSize);
  return { ...plan, request: { ...plan.request, topK: Math.min(topK, vocabSize) } };
}

/** The same for what is allowed, whose logits are asked for by name, or may be among the largest or not. */
function planFor({ sampling, row, tokens, promptLength, k, allowed, named }: Situation): SamplePlan {
  const history = { tokens, promptLength };
  if (named && allowed) return planSample(sampling, history, row.length, { allowed });
  return { ...planWith(sampling, history, row.length, k), allowed };
}

/**
 * How much of [0, 1) `choose` gives each value, to 1e-7: found by halving, without knowing how it works, but for that
 * each value has one interval.
 */
function shares<T>(choose: (uniform: number) => T): Map<T, number> {
  const found = new Map<T, number>();
  const measure = (start: number, end: number, atStart: T, atEnd: T): void => {
    if (atStart === atEnd || end - start < 1e-8) {
      found.set(atStart, (found.get(atStart) ?? 0) + end - start);
      return;
    }
    const middle = (start + end) / 2;
    const atMiddle = choose(middle);
    measure(start, middle, atStart, atMiddle);
    measure(middle, end, atMiddle, atEnd);
  };
  measure(0, 1, choose(0), choose(1 - 2 ** -52));
  return found;
}

describe('sample', () => {
  const agreesWithNaive = (situation: Situation): void => {
    const { sampling, row, tokens, promptLength, allowed } = situation;
    const history = { tokens, promptLength };
    const plan = planFor(situation);
    const answer = selectCandidates(row, 0, { ...plan.request, full: true });
    // `place` decides between two sets of tokens, `pick` chooses in the set.
    const byPick = (place: number) =>
      shares((pick) => {
        const token = sample(plan, answer, { place, pick });
        if (token === 'need-more') throw new Error('the whole row did not suffice');
        return token;
      });
    const first = sample(plan, answer, { place: 0, pick: 0 });
    const certain = shares((place) => sample(plan, answer, { place, pick: 0 })).get(first)!;
    const found = new Map<number, number>();
    for (const [place, weight] of [
      [0, certain],
      [1 - 2 ** -52, 1 - certain],
    ] as const) {
      if (weight > 0) for (const [id, p] of byPick(place)) found.set(id, (found.get(id) ?? 0) + p * weight);
    }
    for (const { id, p } of naiveDistribution(sampling, naiveAltered(sampling, history, row), allowed)) {
      expect(Math.abs((found.get(id) ?? 0) - p)).toBeLessThan(1e-6);
      found.delete(id);
    }
    for (const p of found.values()) expect(p).toBeLessThan(1e-6); // nothing that was cut
  };

  test('gives each token the probability that the naive distribution gives it', () => {
    fc.assert(fc.property(situation, agreesWithNaive), { numRuns: 600 });
  });

  test('keeps for certain only what top-p keeps, where the sum of the weights is just bounded', () => {
    const flat = fc.record({
      sampling: fc
        .record({ temperature: fc.constantFrom(0.2, 0.5, 2, 4), topP: fraction })
        .map((some): Sampling => ({ ...plainSampling, ...some })),
      row: fc
        .array(fc.integer({ min: -2000, max: 2000 }), { minLength: 12, maxLength: 12 })
        .map((values) => Float32Array.from(values, (value) => value / 1009)),
      tokens: fc.constant<number[]>([0]),
      promptLength: fc.constant(1),
      k: fc.integer({ min: 2, max: 8 }),
      allowed: fc.option(
        fc.uniqueArray(fc.nat(11), { minLength: 3 }).map((ids) => new TokenSet(12, ids)),
        { nil: undefined },
      ),
      named: fc.constant(false),
    });
    fc.assert(fc.property(flat, agreesWithNaive), { numRuns: 600 });
  });

  test('chooses the same without the whole row, or asks for more', () => {
    const uniform = fc.nat(2 ** 30 - 1).map((n) => n / 2 ** 30);
    const chances = fc.array(fc.record({ place: uniform, pick: uniform }), { minLength: 10, maxLength: 10 });
    let asked = 0;
    let all = 0;
    fc.assert(
      fc.property(situation, chances, (situation, chances) => {
        const { sampling, row, allowed, named } = situation;
        const plan = planFor(situation);
        const head = selectCandidates(row, 0, plan.request);
        const full = selectCandidates(row, 0, { ...plan.request, full: true });
        for (const chance of chances) {
          const token = sample(plan, full, chance);
          const fromHead = sample(plan, head, chance);
          expect([token, 'need-more']).toContain(fromHead);
          if (allowed ? named : sampling.topK > 0) expect(fromHead).toBe(token);
          expect(allowed?.has(token as number) ?? true).toBe(true);
          all++;
          if (fromHead === 'need-more') asked++;
        }
      }),
      { numRuns: 1500 },
    );
    expect(asked / all).toBeGreaterThan(0.01); // the test has met both
    expect(asked / all).toBeLessThan(0.5);
  });

  test('asks for more only as often as the token lies beyond the head, and hardly more often where it can but bound', () => {
    // Like a language model's row: some likely tokens, a long tail.
    const row = Float32Array.from({ length: 1000 }, (_, id) => -1.5 * Math.log(1 + id));
    for (const temperature of [0.6, 0.8, 1, 1.2]) {
      for (const [cut, most] of [
        [{ topK: 64, topP: 0.9 }, 0],
        [{ topP: 0.8 }, 0.03],
        [{ minP: 0.01 }, 0],
        [{}, 0.03],
      ] as const) {
        const sampling = { ...plainSampling, temperature, ...cut };
        const plan = planSample(sampling, { tokens: [1], promptLength: 1 }, row.length);
        const answer = selectCandidates(row, 0, plan.request);
        const asked = shares((place) => sample(plan, answer, { place, pick: 0 })).get('need-more') ?? 0;
        const beyond = naiveDistribution(sampling, Array.from(row))
          .slice(plan.request.topK)
          .reduce((sum, { p }) => sum + p, 0);
        expect(asked).toBeGreaterThan(beyond - 1e-6);
        expect(asked).toBeLessThan(beyond + (temperature === 1 ? 1e-6 : most) + 1e-6);
      }
    }
  });

  test('greedy takes the largest altered logit of those allowed, of equals the lowest id', () => {
    fc.assert(
      fc.property(situation, (situation) => {
        const { sampling, row, tokens, promptLength, allowed } = situation;
        const greedy = { ...sampling, temperature: 0 };
        const history = { tokens, promptLength };
        const altered = naiveAltered(greedy, history, row).map((logit, id) =>
          (allowed?.has(id) ?? true) ? logit : Number.NEGATIVE_INFINITY,
        );
        const best = altered.indexOf(Math.max(...altered));
        const plan = allowed
          ? planFor({ ...situation, sampling: greedy })
          : planSample(greedy, history, row.length, { allowed });
        if (!allowed) expect(plan.request.topK).toBe(1);
        const fromHead = sample(plan, selectCandidates(row, 0, plan.request), { place: 0, pick: 0 });
        if (!allowed || situation.named) expect(fromHead).toBe(best);
        else expect([best, 'need-more']).toContain(fromHead);
        const answer = selectCandidates(row, 0, { ...plan.request, full: true });
        expect(sample(plan, answer, { place: 0, pick: 0 })).toBe(best);
      }),
      { numRuns: 1500 },
    );
  });

  test('a bias may force or forbid tokens', () => {
    const row = Float32Array.from([5, 4, 3, 2, 1, 0]);
    const history = { tokens: [0], promptLength: 1 };
    const choose = (logitBias: Map<number, number>, uniform: number) => {
      const plan = planWith({ ...plainSampling, temperature: 0.7, logitBias }, history, 6, 2);
      return sample(plan, selectCandidates(row, 0, { ...plan.request, full: true }), { place: uniform, pick: uniform });
    };
    for (const uniform of [0, 0.3, 0.999999]) {
      expect(choose(new Map([[5, 1000]]), uniform)).toBe(5);
      expect([2, 3, 4, 5]).toContain(choose(new Map([[0, -1000], [1, -1000]]), uniform)); // biome-ignore format: pairs
    }
  });

  test('asks for the whole row only where it must', () => {
    const history = { tokens: [1, 2], promptLength: 1 };
    const request = (sampling: Partial<Sampling>) =>
      planSample({ ...plainSampling, ...sampling }, history, 32000).request;
    expect(request({ topK: 40 })).toEqual({ topK: 40, apart: [], full: false });
    expect(request({ topK: 5000 }).full).toBe(true);
    expect(request({ topP: 0.9 })).toEqual({ topK: 128, apart: [], full: false });
    expect(request({ temperature: 0, topK: 5000 })).toEqual({ topK: 1, apart: [], full: false });
    expect(request({ presencePenalty: 1 }).apart).toEqual([2]);
    expect(request({ repetitionPenalty: 1.1 }).apart).toEqual([1, 2]);
    const allow = (count: number, sampling: Partial<Sampling> = {}) => {
      const allowed = new TokenSet(32000, Array(count).keys());
      return planSample({ ...plainSampling, ...sampling }, history, 32000, { allowed, full: true }).request;
    };
    expect(allow(3, { topK: 40, repetitionPenalty: 1.1 })).toEqual({ topK: 1, apart: [0, 1, 2], full: false });
    expect(allow(31000, { topK: 40 })).toEqual({ topK: 128, apart: [], full: true });
    expect(allow(31000, { temperature: 0 }).topK).toBe(128);
  });

  test('says so if the logits are not numbers', () => {
    const plan = planSample(greedySampling, { tokens: [0], promptLength: 1 }, 3);
    const choose = (...row: number[]) =>
      sample(plan, selectCandidates(Float32Array.from(row), 0, plan.request), { place: 0, pick: 0 });
    expect(() => choose(1, Number.NaN, 2)).toThrow(UnusableLogitsError);
    expect(() => choose(Number.NaN, Number.NaN, Number.NaN)).toThrow(UnusableLogitsError);
    expect(() => choose(1, Number.POSITIVE_INFINITY, 2)).toThrow(UnusableLogitsError);
    expect(choose(1, 3, 2)).toBe(1);
  });
});

describe('logprobsOf', () => {
  test('reports the model’s own distribution whatever the penalties', () => {
    fc.assert(
      fc.property(situation, fc.nat(5), fc.nat(39), (situation, count, seed) => {
        const { row } = situation;
        const plan = planFor({ ...situation, named: false, k: Math.max(situation.k, count) });
        const answer = selectCandidates(row, 0, { ...plan.request, full: true });
        const chosen = seed % row.length;
        const naive = naiveDistribution(plainSampling, Array.from(row));
        const { logprob, top } = logprobsOf(answer, plan.request.apart, chosen, count);
        expect(Math.exp(logprob)).toBeCloseTo(naive.find(({ id }) => id === chosen)!.p, 5);
        expect(top.map(({ id }) => id)).toEqual(naive.slice(0, count).map(({ id }) => id));
        top.forEach(({ logprob }, i) => {
          expect(Math.exp(logprob)).toBeCloseTo(naive[i]!.p, 5);
        });
      }),
      { numRuns: 500 },
    );
  });
});
