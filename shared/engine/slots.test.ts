import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlotPool } from './slots.ts';

/** A pool whose slots hold these tokens, the first used longest ago. */
function poolHolding(...held: number[][]): SlotPool {
  const pool = new SlotPool(held.length);
  const leases = held.map((tokens) => pool.take(tokens)!);
  held.forEach((tokens, i) => {
    pool.record(leases[i]!.slot, 0, tokens);
    pool.release(leases[i]!.slot);
  });
  return pool;
}

describe('SlotPool', () => {
  test('a conversation that goes on gets the slot that holds its beginning', () => {
    const pool = poolHolding([1, 2, 3], [1, 2, 3, 4, 5], [9]);
    expect(pool.take([1, 2, 3, 4, 5, 6])).toEqual({ slot: 1, reused: 5 });
    expect(pool.take([1, 2, 3, 4, 5, 6])).toEqual({ slot: 0, reused: 3 });
    expect(pool.take([1, 2])).toEqual({ slot: 2, reused: 0 });
    expect(pool.take([1])).toBeUndefined();
  });

  test('without a common beginning the slot used longest ago is taken', () => {
    const pool = poolHolding([1], [2], [3]);
    expect(pool.take([7])?.slot).toBe(0);
    pool.release(0);
    expect(pool.take([8])?.slot).toBe(1);
  });

  test('the last token of a prompt is computed though the slot holds it', () => {
    expect(poolHolding([1, 2, 3, 4]).take([1, 2, 3])).toEqual({ slot: 0, reused: 2 });
    expect(poolHolding([1]).take([1])).toEqual({ slot: 0, reused: 0 });
    expect(poolHolding([1, 2]).take([1, 2, 3], 0)).toEqual({ slot: 0, reused: 0 });
  });

  test('a common system prompt does not drive a long conversation out while another slot is idle', () => {
    const system = [1, 2];
    const pool = poolHolding([5], [...system, 3, 4, 5, 6, 7]);
    expect(pool.take([...system, 8, 9])).toEqual({ slot: 0, reused: 0 });
    pool.record(0, 0, [...system, 8, 9]);
    pool.release(0);
    expect(pool.take([...system, 3, 4, 5, 6, 7, 10])).toEqual({ slot: 1, reused: 7 });
    expect(pool.take([...system, 6])).toEqual({ slot: 0, reused: 2 }); // none is idle: what can be reused is
  });

  test('what was overwritten or forgotten is not reused', () => {
    const pool = poolHolding([1, 2, 3, 4]);
    pool.record(0, 2, [9]);
    expect(pool.take([1, 2, 9, 4, 5])).toEqual({ slot: 0, reused: 3 });
    pool.release(0);
    pool.forget(0);
    expect(pool.take([1, 2, 9])).toEqual({ slot: 0, reused: 0 });
  });

  test('never lends a slot twice, nor claims more than it holds', () => {
    const tokens = fc.array(fc.nat(2), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(tokens, fc.nat(5))), (count, uses) => {
        const pool = new SlotPool(count);
        const held = new Map<number, number[]>();
        const busy: number[] = [];
        for (const [sequence, releases] of uses) {
          const lease = pool.take(sequence);
          expect(lease === undefined).toBe(busy.length === count);
          if (lease) {
            expect(busy).not.toContain(lease.slot);
            busy.push(lease.slot);
            expect(lease.reused).toBeLessThan(sequence.length);
            expect((held.get(lease.slot) ?? []).slice(0, lease.reused)).toEqual(sequence.slice(0, lease.reused));
            pool.record(lease.slot, lease.reused, sequence.slice(lease.reused));
            held.set(lease.slot, sequence);
          }
          for (const slot of busy.splice(0, releases)) pool.release(slot);
        }
      }),
    );
  });
});
