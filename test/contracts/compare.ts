// How contract suites compare numbers: by normalised mean squared error, with the largest difference in the failure.

import { expect } from 'vitest';

/** Σ (actual − expected)² / Σ expected². */
export function nmse(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let power = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    power += expected[i] ** 2;
  }
  return error === 0 ? 0 : error / (power || 1);
}

/** Fails unless the NMSE is at most `tolerance`; not-a-numbers fail. */
export function expectClose(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'result',
): void {
  expect(actual?.length, `${what}: length`).toBe(expected.length);
  if (!actual) return;
  const error = nmse(actual, expected);
  if (error <= tolerance) return;
  expect.fail(`${what}: NMSE ${error.toExponential(2)} is above ${tolerance}; ${maxDiff(actual, expected)}`);
}

function maxDiff(actual: ArrayLike<number>, expected: ArrayLike<number>): string {
  let at = 0;
  const difference = (i: number): number => {
    const value = Math.abs(actual[i] - expected[i]);
    return Number.isNaN(value) ? Infinity : value;
  };
  for (let i = 1; i < expected.length; i++) if (difference(i) > difference(at)) at = i;
  return `maxDiff ${difference(at)} at ${at} of ${expected.length}: ${actual[at]} instead of ${expected[at]}`;
}
