import { expect, test } from 'vitest';
import { counted, dayGroup, duration, rate } from './wording.ts';

test('says numbers', () => {
  expect([counted(1, 'token'), counted(1234, 'token')]).toEqual(['1 token', '1,234 tokens']);
  expect([rate(3.14), rate(1913.2)]).toEqual(['3.1 tokens/s', '1,913 tokens/s']);
  expect([duration(7.4), duration(1530), duration(125_000)]).toEqual(['7 ms', '1.5 s', '2 min 5 s']);
});

test('days go by the calendar, not by hours', () => {
  const now = new Date(2026, 4, 20, 0, 30).getTime();
  const at = (day: number, hour: number) => new Date(2026, 4, day, hour).getTime();
  expect(dayGroup(at(20, 0), now)).toBe('Today');
  expect(dayGroup(at(19, 23), now)).toBe('Yesterday');
  expect(dayGroup(at(14, 12), now)).toBe('Last week');
  expect(dayGroup(at(1, 12), now)).toBe('Last month');
  expect(dayGroup(new Date(2026, 0, 3).getTime(), now)).toBe('January 2026');
  expect(dayGroup(now + 1000, now)).toBe('Today');
});
