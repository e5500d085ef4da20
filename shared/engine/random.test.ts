import { describe, expect, test } from 'vitest';
import { seededRandom, xoshiro128 } from './random.ts';

describe('xoshiro128', () => {
  test('gives the published sequence', () => {
    const next = xoshiro128([1, 2, 3, 4]);
    // From the reference C code, as the tests of the Rust crate rand_xoshiro have it.
    const expected = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    expect(expected.map(() => next())).toEqual(expected);
  });
});

describe('seededRandom', () => {
  const draw = (seed: number, count = 20): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => random());
  };

  test('equal seeds give equal numbers, other seeds others', () => {
    expect(draw(42)).toEqual(draw(42));
    const seeds = [0, 1, -1, 42, 2 ** 32, 2 ** 32 + 42, 2 ** 40 + 42, -42, Number.MAX_SAFE_INTEGER];
    expect(new Set(seeds.map((seed) => draw(seed, 2).join())).size).toBe(seeds.length);
  });

  test('stays what it is: a seed means the same tokens in every release', () => {
    expect(draw(42, 3)).toMatchInlineSnapshot(`
      [
        0.49653032003642883,
        0.5346049383845541,
        0.1579454840398853,
      ]
    `);
  });

  test('is even over [0, 1)', () => {
    const counts = new Array<number>(10).fill(0);
    for (const value of draw(7, 100_000)) counts[Math.floor(value * 10)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});
