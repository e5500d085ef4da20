import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidates, LogitsRequest } from './device.ts';
import { mergeCandidates, selectCandidates } from './top-k.ts';

/** The same by sorting everything. */
function naive(logits: Float32Array, start: number, { topK, apart, full }: LogitsRequest): Candidates {
  const kept = Array.from(logits, (logit, row) => ({ id: start + row, logit })).filter(({ id }) => !apart.includes(id));
  const best = [...kept].sort((a, b) => b.logit - a.logit || a.id - b.id).slice(0, topK);
  const largest = best[0]?.logit ?? 0;
  return {
    ids: Int32Array.from(best, ({ id }) => id),
    logits: Float32Array.from(best, ({ logit }) => logit),
    logSumExp: Math.log(kept.reduce((sum, { logit }) => sum + Math.exp(logit - largest), 0)) + largest,
    apart: Float32Array.from(apart, (id) => logits[id - start] ?? Number.NaN),
    full: full ? logits : undefined,
  };
}

function expectSame(actual: Candidates, expected: Candidates): void {
  expect([...actual.ids]).toEqual([...expected.ids]);
  expect([...actual.logits]).toEqual([...expected.logits]);
  expect([...actual.apart]).toEqual([...expected.apart]);
  expect(actual.full && [...actual.full]).toEqual(expected.full && [...expected.full]);
  if (Number.isFinite(expected.logSumExp)) expect(actual.logSumExp).toBeCloseTo(expected.logSumExp, 9);
  else expect(actual.logSumExp).toBe(expected.logSumExp);
}

// Quarters collide often, so that the order of equal logits is tested; the wide ones would overflow a plain exp.
const logit = fc.oneof(
  fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4),
  fc.float({ min: -2000, max: 2000, noNaN: true }).map((value) => value + 0), // no −0
);
const row = fc.array(logit, { maxLength: 80 }).map((values) => Float32Array.from(values));
const request = fc.record({
  topK: fc.integer({ min: 1, max: 100 }),
  apart: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 6 }),
  full: fc.boolean(),
});

describe('selectCandidates', () => {
  it('finds what sorting everything finds', () => {
    fc.assert(
      fc.property(row, fc.integer({ min: 0, max: 20 }), request, (logits, start, asked) => {
        expectSame(selectCandidates(logits, start, asked), naive(logits, start, asked));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the first of equal logits, in order of their ids', () => {
    const { ids } = selectCandidates(Float32Array.of(1, 2, 2, 1, 2), 10, { topK: 4, apart: [], full: false });
    expect([...ids]).toEqual([11, 12, 14, 10]);
  });

  it('does not overflow', () => {
    const { logSumExp } = selectCandidates(Float32Array.of(1000, 1000), 0, { topK: 1, apart: [], full: false });
    expect(logSumExp).toBeCloseTo(1000 + Math.LN2, 9);
  });

  it('finds nothing where all rows are apart', () => {
    const found = selectCandidates(Float32Array.of(3, 4), 0, { topK: 2, apart: [1, 0, 7], full: false });
    expect(found.ids).toHaveLength(0);
    expect(found.logSumExp).toBe(-Infinity);
    expect([...found.apart]).toEqual([4, 3, Number.NaN]);
  });

  it('shows a NaN in the log-sum-exp and never puts it first', () => {
    const found = selectCandidates(Float32Array.of(Number.NaN, 1, Number.NaN, 2), 0, {
      topK: 2,
      apart: [],
      full: false,
    });
    expect([...found.ids]).toEqual([3, 1]);
    expect(found.logSumExp).toBeNaN();
    const broken = selectCandidates(Float32Array.of(Number.NaN), 0, { topK: 2, apart: [], full: false });
    expect(broken.logSumExp).toBeNaN();
  });

  it('returns a copy of the full row', () => {
    const logits = Float32Array.of(1, 2);
    const { full } = selectCandidates(logits, 0, { topK: 1, apart: [], full: true });
    logits[0] = 9;
    expect([...(full ?? [])]).toEqual([1, 2]);
  });
});

describe('mergeCandidates', () => {
  it('of parts finds what selecting from the whole finds', () => {
    fc.assert(
      fc.property(row, request, fc.array(fc.nat(80), { maxLength: 5 }), (logits, asked, cuts) => {
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, logits.length)).sort((a, b) => a - b), logits.length];
        const parts = bounds
          .slice(1)
          .map((end, i) => selectCandidates(logits.subarray(bounds[i], end), bounds[i], asked));
        expectSame(mergeCandidates(parts, asked), naive(logits, 0, asked));
      }),
      { numRuns: 500 },
    );
  });

  it('of one part is that part', () => {
    const asked = { topK: 2, apart: [1], full: true };
    const part = selectCandidates(Float32Array.of(0, 5, 1, 2), 0, asked);
    expectSame(mergeCandidates([part], asked), part);
  });

  it('keeps a NaN log-sum-exp', () => {
    const asked = { topK: 1, apart: [], full: false };
    const parts = [Float32Array.of(1), Float32Array.of(Number.NaN)].map((logits, i) =>
      selectCandidates(logits, i, asked),
    );
    expect(mergeCandidates(parts, asked).logSumExp).toBeNaN();
  });
});
