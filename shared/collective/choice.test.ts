import { expect, test } from 'vitest';
import { ALGORITHMS } from './all-reduce.ts';
import { cheapest, costOf, describeChoice, finalists, fitCosts, measuredLengths, slowestOf } from './choice.ts';

test('a line through what was measured, of the slowest rank', () => {
  const short = [
    [1, 2, 3, 4, 5],
    [1.5, 2, 1, 4, 5],
  ];
  const long = [
    [21, 12, 33, 44, 25],
    [20, 10, 30, 40, 20],
  ];
  const costs = fitCosts([100, 1100], slowestOf(short), slowestOf(long));
  expect(costs.map(({ algorithm }) => algorithm)).toEqual([...ALGORITHMS]);
  costs.forEach((cost, i) => {
    expect(costOf(cost, 100)).toBeCloseTo([1.5, 2, 3, 4, 5][i], 9);
    expect(costOf(cost, 1100)).toBeCloseTo([21, 12, 33, 44, 25][i], 9);
  });
  expect(cheapest(costs, 100).algorithm).toBe('all-to-all');
  expect(cheapest(costs, 1100).algorithm).toBe('reduce-scatter');
});

test('those not far from the first are timed again', () => {
  const final = finalists([3, 2, 4, 2.9, 9]);
  expect(final?.algorithms).toEqual(['all-to-all', 'reduce-scatter', 'star']);
  expect(final?.rounds.timed).toBeGreaterThan(20);
  expect(finalists([1, 2, 4, 2.9, 9])).toBeUndefined();
  expect(finalists([300, 200, 400, 290, 900])).toBeUndefined(); // it would take half a minute
});

test('noise gives no negative costs', () => {
  for (const cost of fitCosts([64, 128], [5, 5, 5, 5, 5], [1, 20, 5, 5, 5])) {
    for (const length of [1, 64, 100, 128, 9999]) expect(costOf(cost, length)).toBeGreaterThanOrEqual(1);
    expect(cost.msPerValue).toBeGreaterThanOrEqual(0);
  }
});

test('both lengths differ, however short the steps', () => {
  expect(measuredLengths(64, 1)).toEqual([64, 128]);
  expect(measuredLengths(64, 128)).toEqual([64, 1024]);
});

test('says what is used', () => {
  const costs = fitCosts([64, 1024], [1, 2, 3, 4, 5], [20, 6, 30, 40, 50]);
  const said = describeChoice(costs, 64, 100, (count) => count * 4);
  expect(said).toBe(
    'All-reduce: all-to-all for a token (0.3 kB, 1.00 ms), reduce-scatter for 100 tokens (25.6 kB, 28.4 ms)',
  );
});
