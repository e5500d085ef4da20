import { expect, test } from 'vitest';
import { healthOf, waitMs } from './health.ts';

test('reads ready and loading, and nothing else', () => {
  expect(healthOf({ status: 'ok', model: 'm', context: 512 })).toEqual({ kind: 'ready', model: 'm', context: 512 });
  expect(healthOf({ status: 'loading', model: 'm', progress: 0.4 })).toEqual({
    kind: 'loading',
    model: 'm',
    progress: 0.4,
  });
  expect(healthOf({ status: 'loading', progress: 40 })).toEqual({ kind: 'loading', model: '', progress: undefined });
  for (const strange of [undefined, null, 'ok', {}, { status: 'fine' }]) expect(healthOf(strange)).toBeUndefined();
});

test('waits longer with every miss, up to a limit', () => {
  const waits = Array.from({ length: 12 }, (_, misses) => waitMs('gone', misses + 1));
  expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(waits.at(-1)).toBe(15_000);
});

test('looks often while it loads, seldom while all is well', () => {
  expect(waitMs('loading', 0)).toBeLessThan(waitMs('gone', 1));
  expect(waitMs('ready', 0)).toBeGreaterThan(waitMs('gone', 1));
});
