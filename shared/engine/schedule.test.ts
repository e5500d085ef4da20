import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogitsRequest } from '../device/device.ts';
import { type Pending, planStep } from './schedule.ts';

const greedy: LogitsRequest = { topK: 1, apart: [], full: false };
const sequence = (slot: number, length: number, position = 0, wanted = 1): Pending => ({
  slot,
  tokens: Array.from({ length }, (_, i) => slot * 1000 + i),
  position,
  wanted: Array.from({ length: wanted }, (_, i) => ({ ...greedy, topK: i + 1 })),
});
const counts = (pending: Pending[], maxTokens: number) =>
  Object.fromEntries(planStep(pending, { maxTokens }).runs.map((run) => [run.slot, run.tokens.length]));

describe('planStep', () => {
  test('those that generate come first, prompts get the room that is left', () => {
    expect(counts([sequence(0, 100), sequence(1, 8, 7), sequence(2, 21, 20)], 32)).toEqual({ 0: 30, 1: 1, 2: 1 });
  });

  test('a short prompt is computed at once beside a long one, which goes on too', () => {
    expect(counts([sequence(0, 1000), sequence(1, 20)], 32)).toEqual({ 0: 12, 1: 20 });
    expect(counts([sequence(0, 1000), sequence(1, 500), sequence(2, 40)], 32)).toEqual({ 0: 8, 2: 24 });
  });

  test('wants logits only where the chunk reaches the positions they are for', () => {
    const wanting = (pending: Pending, maxTokens: number) =>
      planStep([pending], { maxTokens }).runs[0]!.wanted.map(({ topK }) => topK);
    expect(wanting(sequence(0, 10), 9)).toEqual([]);
    expect(wanting(sequence(0, 10), 10)).toEqual([1]);
    expect(wanting(sequence(0, 10, 0, 4), 7)).toEqual([1]);
    expect(wanting(sequence(0, 10, 7, 4), 2)).toEqual([2, 3]);
    expect(wanting(sequence(0, 10, 0, 10), 3)).toEqual([1, 2, 3]);
  });

  test('steps in which only it is planned compute every token once and answer every request once', () => {
    const sequences = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sequences, fc.integer({ min: 6, max: 40 }), (lengths, maxTokens) => {
        let pending = lengths.map(([length, wanted], slot) => sequence(slot, length, 0, Math.min(length, wanted)));
        const done = new Map<number, { tokens: number[]; topKs: number[] }>();
        let steps = 0;
        while (pending.length > 0) {
          const { runs } = planStep(pending, { maxTokens });
          const oldest = pending[0]!;
          expect(runs.reduce((sum, run) => sum + run.tokens.length, 0)).toBeLessThanOrEqual(maxTokens);
          expect(runs.some((run) => run.slot === oldest.slot)).toBe(true); // the oldest never starves
          expect(++steps).toBeLessThan(400);
          for (const run of runs) {
            const entry = done.get(run.slot) ?? { tokens: [], topKs: [] };
            expect(run.position).toBe(entry.tokens.length);
            entry.tokens.push(...run.tokens);
            entry.topKs.push(...run.wanted.map(({ topK }) => topK));
            done.set(run.slot, entry);
          }
          pending = pending
            .map((one) => ({ ...one, position: done.get(one.slot)?.tokens.length ?? 0 }))
            .filter((one) => one.position < one.tokens.length)
            .map((one) => ({ ...one, wanted: one.wanted.slice(-(one.tokens.length - one.position)) }));
        }
        lengths.forEach(([length, wanted], slot) => {
          const whole = sequence(slot, length, 0, Math.min(length, wanted));
          expect(done.get(slot)).toEqual({ tokens: whole.tokens, topKs: whole.wanted.map(({ topK }) => topK) });
        });
      }),
    );
  });
});
