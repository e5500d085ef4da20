import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEAD } from './byte-automaton.ts';
import { type ByteDfa, compileExpression } from './byte-dfa.ts';
import { atLeast, atMost, isComparable } from './number-range.ts';
import { WorkBudget } from './work-budget.ts';

function accepts(automaton: ByteDfa, text: string): boolean {
  let state = automaton.start;
  for (let i = 0; i < text.length && state !== DEAD; i++) state = automaton.next(state, text.charCodeAt(i));
  return state !== DEAD && automaton.accepts(state);
}

const small = fc.integer({ min: -1200, max: 1200 });
const integer = fc.oneof(small, fc.maxSafeInteger());
const decimal = fc.oneof(
  integer,
  fc.tuple(small, fc.constantFrom(10, 100, 1000)).map(([n, by]) => n / by),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((x) => isComparable({ value: x, exclusive: false })),
);

describe.each([
  ['atLeast', atLeast, (x: number, bound: number) => x > bound],
  ['atMost', atMost, (x: number, bound: number) => x < bound],
] as const)('%s', (_, compare, isInside) => {
  test.each([true, false])('writes what is inside and nothing else; integers: %s', (integers) => {
    const numbers = integers ? integer : decimal;
    const near = fc.tuple(numbers, fc.constantFrom(-1, -0.1, 0, 0.01, 1)).map(([x, by]) => (integers ? x : x + by));
    fc.assert(
      fc.property(
        numbers,
        fc.boolean(),
        fc.array(fc.oneof(numbers, near), { minLength: 9 }),
        (bound, exclusive, some) => {
          const automaton = compileExpression(compare({ value: bound, exclusive }, integers), new WorkBudget());
          for (const x of [...some, bound]) {
            if (/e/.test(String(x))) continue;
            expect(accepts(automaton, String(x)), `${x}, bound ${bound}`).toBe(
              isInside(x, bound) || (!exclusive && x === bound),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('numbers with more digits than the bound are compared by all of them', () => {
  const automaton = compileExpression(atLeast({ value: 0.25, exclusive: true }, false), new WorkBudget());
  expect(
    ['0.25', '0.250', '0.2500000', '0.2', '0.249999', '-1', '-0', '0'].map((text) => accepts(automaton, text)),
  ).toEqual(Array(8).fill(false));
  expect(['0.2501', '0.3', '0.26', '1', '10.0', '0.25000000000001'].map((text) => accepts(automaton, text))).toEqual(
    Array(6).fill(true),
  );
  expect(accepts(automaton, '01')).toBe(false);
  expect(accepts(automaton, '1.')).toBe(false);
});
