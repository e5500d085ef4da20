import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apportion } from './apportion.ts';

const parts = fc.array(
  fc.record({ weight: fc.double({ min: 0.01, max: 100, noNaN: true }), cap: fc.nat(60), least: fc.nat(2) }),
  { minLength: 1, maxLength: 8 },
);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test('deals out all, within caps, or says that it cannot', () => {
  fc.assert(
    fc.property(fc.nat(150), parts, (total, all) => {
      const [caps, least] = [all.map(({ cap }) => cap), all.map((part) => part.least)];
      const counts = apportion(
        total,
        all.map(({ weight }) => weight),
        caps,
        least,
      );
      const possible = sum(caps) >= total && sum(least) <= total && all.every((part) => part.least <= part.cap);
      expect(counts !== undefined).toBe(possible);
      if (!counts) return;
      expect(sum(counts)).toBe(total);
      counts.forEach((count, i) => {
        expect(Number.isInteger(count)).toBe(true);
        expect(count).toBeLessThanOrEqual(caps[i]);
        expect(count).toBeGreaterThanOrEqual(least[i]);
      });
    }),
  );
});

test('nobody could hand a unit on and make the largest count for its weight smaller', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), parts, (total, all) => {
      const weights = all.map(({ weight }) => weight);
      const caps = all.map(({ cap }) => cap + 20);
      const counts = apportion(total, weights, caps);
      if (!counts) return;
      const largest = Math.max(...counts.map((count, i) => count / weights[i]));
      counts.forEach((count, i) => {
        if (count < caps[i]) expect((count + 1) / weights[i]).toBeGreaterThanOrEqual(largest * (1 - 1e-9));
      });
    }),
  );
});

test('no weight, no units, unless the others are full', () => {
  expect(apportion(6, [1, 0, 2], [9, 9, 9])).toEqual([2, 0, 4]);
  expect(apportion(6, [1, 0, 2], [1, 9, 2])).toEqual([1, 3, 2]);
  expect(apportion(6, [0, 0], [9, 9])).toHaveLength(2);
});
