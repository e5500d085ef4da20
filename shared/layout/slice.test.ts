import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rangeLength } from '../units.ts';
import { cutRange, kvHeadsOf } from './slice.ts';

const weights = fc.array(fc.oneof(fc.nat(20), fc.double({ min: 0, max: 1e6, noNaN: true })), {
  minLength: 1,
  maxLength: 12,
});
const someWeights = weights.filter((all) => all.some((weight) => weight > 1e-6));

describe('cutRange', () => {
  test('cuts all of it into parts that follow each other, of whole units but the last', () => {
    fc.assert(
      fc.property(fc.nat(100_000), someWeights, fc.constantFrom(1, 8, 32, 128), (total, parts, unit) => {
        const ranges = cutRange(total, parts, unit);
        expect(ranges).toHaveLength(parts.length);
        let end = 0;
        for (const range of ranges) {
          expect(range.start).toBe(end);
          expect(range.end).toBeGreaterThanOrEqual(range.start);
          if (range.end < total) expect(range.end % unit).toBe(0);
          end = range.end;
        }
        expect(end).toBe(total);
      }),
    );
  });

  test('gives each part its proportion, to a unit', () => {
    fc.assert(
      fc.property(fc.nat(100_000), someWeights, fc.constantFrom(1, 8, 32), (total, parts, unit) => {
        const sum = parts.reduce((a, b) => a + b, 0);
        for (const [i, range] of cutRange(total, parts, unit).entries()) {
          expect(Math.abs(rangeLength(range) - (total * parts[i]) / sum)).toBeLessThanOrEqual(2 * unit);
        }
      }),
    );
  });
});

test('kvHeadsOf names each key-value head that a query head reads, and no other', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 9 }), (start, length, headsPerKvHead) => {
      const heads = Array.from({ length }, (_, i) => Math.floor((start + i) / headsPerKvHead));
      const range = kvHeadsOf({ start, end: start + length }, headsPerKvHead);
      const named = Array.from({ length: rangeLength(range) }, (_, i) => range.start + i);
      expect(named).toEqual([...new Set(heads)]);
    }),
  );
});
