import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Health } from './health.ts';
import { HealthWatch } from './health-watch.ts';

const ready: Health = { kind: 'ready', model: 'm', context: 512 };
const loading: Health = { kind: 'loading', model: 'm', progress: 0.5 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('goes on asking until somebody answers', async () => {
  const answers = [undefined, undefined, loading, ready];
  const watch = new HealthWatch(async () => (answers.length > 1 ? answers.shift() : answers[0]));
  const kinds: string[] = [];
  watch.addEventListener('change', () => kinds.push(watch.health.kind));
  const waiting = watch.untilReady(new AbortController().signal);
  await watch.check();
  await vi.advanceTimersByTimeAsync(5000);
  await waiting;
  expect(kinds).toEqual(['gone', 'gone', 'loading', 'ready']);
});

test('who asks while it is being asked shares the answer', async () => {
  const ask = vi.fn(async () => ready);
  const watch = new HealthWatch(ask);
  await Promise.all([watch.check(), watch.check()]);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('waiting ends with the signal', async () => {
  const watch = new HealthWatch(async () => undefined);
  const abort = new AbortController();
  const waiting = watch.untilReady(abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(watch.untilReady(abort.signal)).rejects.toThrow('enough');
});

test('says when it will be asked again', async () => {
  vi.setSystemTime(10_000);
  const watch = new HealthWatch(async () => undefined);
  await watch.check();
  expect(watch.health).toEqual({ kind: 'gone', again: 11_000 });
});
