import { expect, test } from 'vitest';
import { manualTimers } from '../../test/mesh/manual-timers.ts';
import { refusalLog } from './refusal-log.ts';

test('a few are told one by one, hundreds are summed up', async () => {
  const timers = manualTimers();
  const lines: string[] = [];
  const refusals = refusalLog((line) => lines.push(line), timers);
  refusals.add(new Error('a; b'));
  expect(lines).toEqual(['Turned a caller away: a; b']);
  await timers.pass(10_000);
  expect(lines).toHaveLength(1);
  for (let i = 0; i < 1010; i++) refusals.add(new Error(`call ${i}`));
  expect(lines).toHaveLength(11);
  await timers.pass(10_000);
  expect(lines.slice(11)).toEqual(['and 1,000 more were turned away']);
  refusals.add(new Error('late'));
  expect(lines.at(-1)).toBe('Turned a caller away: late');
  refusals.flush();
  expect(timers.pending).toBe(0);
});
