import { describe, expect, test } from 'vitest';
import { tinyHeader } from '../../test/fixtures/tiny-models.ts';
import { type CostInputs, fastestAllReduceMs, type PlacedRank, predict } from './cost.ts';
import { cutStage } from './cut-stage.ts';
import type { NodeCapacity } from './layout.ts';
import { weightBytes } from './memory.ts';
import { wholeSlice } from './slice.ts';

const header = tinyHeader({ layers: 4, heads: 4, kvHeads: 4, hiddenDim: 256, vocabSize: 320, seqLen: 400 });
const node = (id: string, bytesPerSecond = 1e6): NodeCapacity => ({
  ...{ id, bytesPerSecond, macsPerSecond: 1e9, freeBytes: 1e12 },
});
const inputs: CostInputs = {
  ...{ header, root: 'a', syncType: 'f32', allReduceMs: undefined, starMs: undefined },
  links: () => ({ roundTripMs: 1.94, bytesPerSecond: 1e6 }), // so latency is 1 ms and a byte 1 µs
};
const whole: PlacedRank = { node: node('a'), slice: wholeSlice(header) };

function ranksOf(nodes: readonly NodeCapacity[], layers = wholeSlice(header).layers): PlacedRank[] {
  const slices = cutStage(header, nodes, layers, { slots: 1, maxTokens: 1 }, true) ?? [];
  return slices.map((slice, i) => ({ node: nodes[i], slice }));
}

describe('predict', () => {
  test('alone: reading all weights, and a quarter of the cache, once', () => {
    const cache = (4 * 4 * 2 * 400 * 16 * 2) / 4; // layers, kvHeads, keys and values, positions, headDim, bytes
    const computeMs = (weightBytes(header, whole.slice) + cache) / 1000;
    expect(predict(inputs, [[whole]])).toEqual({ msPerToken: computeMs, computeMs, syncMs: 0 });
  });

  test('side by side: two all-reduces a layer and a round trip', () => {
    const { computeMs, syncMs } = predict(inputs, [ranksOf([node('a'), node('b')])]);
    expect(syncMs).toBeCloseTo(4 * 2 * (1 + 0.001 * 64 * 4) + 2);
    const alone = predict(inputs, [[whole]]).computeMs;
    expect(computeMs).toBeGreaterThan(alone / 2);
    expect(computeMs).toBeLessThan(alone / 2 + 10); // norms are read by both
  });

  test('q80 sends 34 bytes for 32 values, and a measured time replaces the formula', () => {
    const ranks = ranksOf([node('a'), node('b')]);
    expect(predict({ ...inputs, syncType: 'q80' }, [ranks]).syncMs).toBeCloseTo(4 * 2 * (1 + 0.001 * 68) + 2);
    const asked: unknown[] = [];
    const allReduceMs = (...args: unknown[]): number => {
      asked.push(args);
      return 0.5;
    };
    expect(predict({ ...inputs, allReduceMs }, [ranks]).syncMs).toBeCloseTo(4 * 2 * 0.5 + 2);
    expect(asked).toEqual([[['a', 'b'], 256]]);
  });

  test('one after the other: a hop of two bytes a value, and no all-reduce', () => {
    const stages = [ranksOf([node('a')], { start: 0, end: 3 }), ranksOf([node('b')], { start: 3, end: 4 })];
    const { computeMs, syncMs } = predict(inputs, stages);
    expect(syncMs).toBeCloseTo(1 + 0.001 * 128 + 2);
    expect(computeMs).toBeCloseTo(predict(inputs, [[whole]]).computeMs);
  });

  test('everyone waits for the slowest', () => {
    const ranks = ranksOf([node('a'), node('b')]);
    const slowed = ranks.map(({ node, slice }, i) => ({
      node: { ...node, bytesPerSecond: i === 1 ? 1e5 : 1e6 },
      slice,
    }));
    expect(predict(inputs, [slowed]).computeMs).toBeCloseTo(10 * predict(inputs, [ranks]).computeMs);
  });
});

test.each([
  ['one hop for short vectors', 8, 10, 0, 10],
  ['one hop of two', 2, 1, 1, 101],
  ['two hops of parts, of 8', 8, 1, 1, 2 + (2 * 7 * 100) / 8],
  ['the same of 3', 3, 1, 1, 2 + (2 * 2 * 100) / 3],
])('the fastest all-reduce: %s', (_, ranks, latencyMs, msPerByte, ms) => {
  expect(fastestAllReduceMs(ranks, 100, { latencyMs, msPerByte })).toBeCloseTo(ms);
});
