import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evenSpeeds } from './even-speeds.ts';

const nodesOf = (speeds: readonly number[]) =>
  speeds.map((bytesPerSecond, i) => ({ id: `n${i}`, bytesPerSecond, macsPerSecond: 1, freeBytes: 1 }));
const evened = (...speeds: number[]) => evenSpeeds(nodesOf(speeds)).map(({ bytesPerSecond }) => bytesPerSecond);

test('machines of one kind get one speed, others keep theirs', () => {
  expect(evened(10, 9, 11)).toEqual([10, 10, 10]);
  expect(evened(10, 2, 100)).toEqual([10, 2, 100]);
  expect(evened(4, 10, 3, 9.5, 10.5)).toEqual([3.5, 10, 3.5, 10, 10]);
});

test('order, ids and the sum of speeds stay, and nobody moves by more than a quarter', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 20 }), (speeds) => {
      const before = nodesOf(speeds);
      const after = evenSpeeds(before);
      expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
      const sum = (nodes: typeof before): number => nodes.reduce((total, node) => total + node.bytesPerSecond, 0);
      expect(sum(after) / sum(before)).toBeCloseTo(1, 6);
      after.forEach(({ bytesPerSecond }, i) => {
        expect(bytesPerSecond / before[i].bytesPerSecond).toBeGreaterThan(0.7);
        expect(bytesPerSecond / before[i].bytesPerSecond).toBeLessThan(1.4);
      });
    }),
  );
});

test('who is much slower with all at work shares something; all of those keep the same part, the others all they have', () => {
  const nodes = nodesOf([20, 20, 10, 20]);
  const together = new Map([
    ['n0', 19],
    ['n1', 6],
    ['n2', 4],
    ['n3', 4],
  ]);
  // 30, 40 and 20 % of what they have alone.
  expect(evenSpeeds(nodes, together).map(({ shared }) => shared)).toEqual([
    undefined,
    { bytesPerSecond: expect.closeTo(6), among: 4 },
    { bytesPerSecond: expect.closeTo(3), among: 4 },
    { bytesPerSecond: expect.closeTo(6), among: 4 },
  ]);
  expect(evenSpeeds(nodes, new Map()).every(({ shared }) => shared === undefined)).toBe(true);
});
