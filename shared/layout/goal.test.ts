import { expect, test } from 'vitest';
import { tinyHeader } from '../../test/fixtures/tiny-models.ts';
import { formatLayout } from './format-layout.ts';
import { formatLayoutGoal, parseLayoutGoal } from './goal.ts';
import { planLayout } from './plan-layout.ts';

test.each(['auto', 'tp', 'pp', '2x4', '1x1', '16x1'])('%s is a goal, and is written so', (text) => {
  const goal = parseLayoutGoal(text);
  expect(goal).toBeDefined();
  if (goal) expect(formatLayoutGoal(goal)).toBe(text);
});

test.each(['', 'fast', '2x', 'x4', '0x4', '2x0', '2x4x1', '-1x2', '1.5x2', '2 x 4', '99999x1', 'auto tp'])(
  '%o is no goal',
  (text) => {
    expect(parseLayoutGoal(text)).toBeUndefined();
  },
);

test('people may write capitals and a real ×', () => {
  expect(parseLayoutGoal(' TP ')).toBe('tp');
  expect(parseLayoutGoal('2X4')).toEqual({ stages: 2, ranks: 4 });
  expect(parseLayoutGoal('2×4')).toEqual({ stages: 2, ranks: 4 });
});

test('a layout as a table', () => {
  const header = tinyHeader({ layers: 6, heads: 4, headDim: 32, kvHeads: 2, hiddenDim: 256 });
  const { layout } = planLayout({
    header,
    nodes: ['root', 'raspberry', 'pi', 'tab'].map((id) => ({
      ...{ id, bytesPerSecond: 1e9, macsPerSecond: 1e9, freeBytes: 1e9 },
    })),
    links: () => ({ roundTripMs: 1, bytesPerSecond: 1e8 }),
    goal: { stages: 2, ranks: 2 },
    ...{ syncType: 'f32', slots: 1, maxTokens: 1 },
  });
  expect(formatLayout(layout, header)).toMatchInlineSnapshot(`
    [
      "stage  node       layers  heads   hidden   share",
      "    0  root          0-2    0-3    0-127  24.2 %",
      "    0  pi            0-2    0-3  128-255  24.2 %",
      "    1  raspberry     3-5    0-3    0-127  25.8 %",
      "    1  tab           3-5    0-3  128-255  25.8 %",
    ]
  `);
});
