import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram, histogramError } from './histogram.ts';

const value = fc.oneof(
  fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
  fc.integer({ min: -60, max: 120 }).map((n) => 10 ** (n / 10)),
  fc.integer({ min: 1, max: 50 }),
);
const of = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const one of values) histogram.add(one);
  return histogram;
};

describe('Histogram', () => {
  test('agrees with the sorted values', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = of(values);
        const sorted = values.toSorted((a, b) => a - b);
        expect(histogram.count).toBe(values.length);
        expect(histogram.min).toBe(sorted[0]);
        expect(histogram.max).toBe(sorted.at(-1));
        expect(histogram.sum).toBe(values.reduce((a, b) => a + b, 0));
        expect(histogram.mean).toBeCloseTo(histogram.sum / values.length, 9);
        for (const percent of [0, 1, 50, 90, 95, 99, 99.9, 100]) {
          const exact = sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]!;
          expect(Math.abs(histogram.percentile(percent) / exact - 1)).toBeLessThan(histogramError + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('parts merge to the whole, also as snapshots', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value)), (parts) => {
        const whole = of(parts.flat());
        const merged = new Histogram();
        for (const part of parts) merged.merge(of(part));
        const sent = new Histogram();
        for (const part of parts) sent.merge(Histogram.from(JSON.parse(JSON.stringify(of(part).snapshot()))));
        for (const one of [merged, sent]) {
          expect([one.count, one.min, one.max]).toEqual([whole.count, whole.min, whole.max]);
          expect(one.sum).toBeCloseTo(whole.sum, -3);
          for (const percent of [50, 95, 99]) expect(one.percentile(percent)).toBe(whole.percentile(percent));
        }
      }),
    );
  });

  test('is 0 where empty, and takes 0 and what is out of range', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.mean, histogram.min, histogram.max, histogram.percentile(50)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    for (const odd of [0, 0, 0, 1e-9, 1e15]) histogram.add(odd);
    expect(histogram.percentile(50)).toBeLessThan(1e-5);
    expect([histogram.min, histogram.max]).toEqual([0, 1e15]);
  });

  test('stays small', () => {
    const histogram = new Histogram();
    for (let i = 0; i < 200_000; i++) histogram.add(10 ** (((i * 7919) % 18_000) / 1000 - 6));
    expect(histogram.snapshot().buckets.length).toBeLessThan(4200);
  });
});
