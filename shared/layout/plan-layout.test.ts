import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyHeader } from '../../test/fixtures/tiny-models.ts';
import type { ModelHeader } from '../model/header.ts';
import { type Range, rangeLength } from '../units.ts';
import type { LayoutGoal, LinkCapacity, NodeCapacity } from './layout.ts';
import { ImpossibleLayoutError, NotEnoughMemoryError } from './layout-errors.ts';
import { HIDDEN_UNIT, headUnit, rankBytes, VOCABULARY_UNIT } from './memory.ts';
import { type LayoutRequest, type PlannedLayout, planLayout } from './plan-layout.ts';
import { kvHeadsOf, type LayerHalf, wholeSlice } from './slice.ts';

const GB = 2 ** 30;

const tinyLlama = tinyHeader({
  ...{ dim: 2048, hiddenDim: 5632, layers: 22, heads: 32, kvHeads: 4, headDim: 64 },
  ...{ vocabSize: 32000, seqLen: 2048 },
});
const llama30b = tinyHeader({
  ...{ dim: 6656, hiddenDim: 17920, layers: 60, heads: 52, kvHeads: 52, headDim: 128 },
  ...{ vocabSize: 32000, seqLen: 2048 },
});
const qwen = tinyHeader({
  ...{ architecture: 'qwen3' as const, dim: 1024, hiddenDim: 3072, layers: 28, heads: 16, kvHeads: 8, headDim: 128 },
  ...{ vocabSize: 151936, seqLen: 4096 },
});
const headsOf80 = tinyHeader({
  ...{ dim: 2560, hiddenDim: 6912, layers: 8, heads: 32, kvHeads: 32, headDim: 80 },
  ...{ vocabSize: 50304, seqLen: 512 },
});
const headsOf16 = tinyHeader({
  ...{ dim: 288, hiddenDim: 768, layers: 6, heads: 18, kvHeads: 6, headDim: 16 },
  ...{ vocabSize: 32000, seqLen: 256, weightType: 'q80' as const },
});
const odd = tinyHeader({
  ...{ dim: 60, hiddenDim: 172, layers: 5, heads: 6, kvHeads: 2, headDim: 10 },
  ...{ vocabSize: 77, seqLen: 64, weightType: 'f32' as const },
});
const models = { tinyLlama, llama30b, qwen, headsOf80, headsOf16, odd };

const node = (id: string, gigabytesPerSecond = 10, free = 64 * GB): NodeCapacity => ({
  id,
  bytesPerSecond: gigabytesPerSecond * 1e9,
  macsPerSecond: 1e11,
  freeBytes: free,
});
const many = (count: number, gigabytesPerSecond = 10, free = 64 * GB): NodeCapacity[] =>
  Array.from({ length: count }, (_, i) => node(i === 0 ? 'root' : `pi-${i}`, gigabytesPerSecond, free));

const FAST: LinkCapacity = { roundTripMs: 0.1, bytesPerSecond: 1e9 };
const SLOW: LinkCapacity = { roundTripMs: 30, bytesPerSecond: 5e6 };

const request = (header: ModelHeader, nodes: readonly NodeCapacity[], more: Partial<LayoutRequest> = {}) => ({
  ...{ header, nodes, links: () => FAST, goal: 'auto' as LayoutGoal, syncType: 'q80' as const },
  ...{ slots: 1, maxTokens: 32 },
  ...more,
});

const shapeOf = ({ layout }: PlannedLayout): number[] => layout.stages.map((ranks) => ranks.length);

/** That `parts` follow each other from 0 to `total`, and each but the last to have any ends at a whole unit. */
function expectTiling(parts: readonly Range[], total: number, unit: number): void {
  let end = 0;
  for (const part of parts) {
    expect(part.start).toBe(end);
    expect(part.end).toBeGreaterThanOrEqual(part.start);
    if (part.end < total) expect(part.end % unit).toBe(0);
    end = part.end;
  }
  expect(end).toBe(total);
}

function expectSound(asked: LayoutRequest, planned: PlannedLayout): void {
  const { header, nodes, slots, maxTokens } = asked;
  const { stages } = planned.layout;
  expectTiling(
    stages.map(([first]) => first.slice.layers),
    header.layers,
    1,
  );
  for (const [index, ranks] of stages.entries()) {
    const slices = ranks.map(({ slice }) => slice);
    const [{ layers }] = slices;
    expect(rangeLength(layers)).toBeGreaterThan(0);
    for (const slice of slices) {
      expect(slice.layers).toEqual(layers);
      expect(slice.kvHeads).toEqual(kvHeadsOf(slice.heads, header.heads / header.kvHeads));
      expect(rangeLength(slice.heads) + rangeLength(slice.hidden)).toBeGreaterThan(0);
      expect(slice.replicated).toBe(slices[0].replicated);
      expect(slice.led === undefined).toBe(slices[0].led === undefined);
      // The program has sync points only where a rank has less than all.
      const whole = rangeLength(slice.heads) === header.heads && rangeLength(slice.hidden) === header.hiddenDim;
      expect(whole).toBe(slices.length === 1);
    }
    const parts = (what: 'heads' | 'hidden' | 'vocabulary') => slices.map((slice) => slice[what]);
    const expectShared = (what: 'heads' | 'hidden', half: LayerHalf, total: number, unit: number) => {
      if (slices[0].replicated === half) for (const part of parts(what)) expect(part).toEqual({ start: 0, end: total });
      else expectTiling(parts(what), total, unit);
    };
    if (slices[0].led) {
      expect(stages).toHaveLength(1);
      expect(slices.map(({ led }) => led)).toEqual(['leader', ...slices.slice(1).map(() => 'follower')]);
      expect(slices.map(({ heads }) => rangeLength(heads))).toEqual([header.heads, ...slices.slice(1).map(() => 0)]);
      for (const slice of slices) expect(rangeLength(slice.hidden)).toBeGreaterThan(0);
    } else {
      expectShared('heads', 'attention', header.heads, headUnit(header));
    }
    expectShared('hidden', 'feed-forward', header.hiddenDim, HIDDEN_UNIT);
    if (index === stages.length - 1) expectTiling(parts('vocabulary'), header.vocabSize, VOCABULARY_UNIT);
    else for (const rows of parts('vocabulary')) expect(rows).toEqual({ start: 0, end: 0 });
  }
  const free = new Map(nodes.map(({ id, freeBytes }) => [id, freeBytes]));
  const ids = stages.flat().map(({ node, slice }) => {
    expect(rankBytes(header, slice, { slots, maxTokens })).toBeLessThanOrEqual(free.get(node) ?? -1);
    return node;
  });
  expect([...ids, ...planned.spare].sort()).toEqual(nodes.map(({ id }) => id).sort());
  if (ids.includes(nodes[0].id)) expect(ids[0]).toBe(nodes[0].id);
  const { msPerToken, computeMs, syncMs } = planned.predicted;
  expect(msPerToken).toBeCloseTo(computeMs + syncMs);
  expect(computeMs).toBeGreaterThan(0);
  expect(syncMs > 0).toBe(ids.some((id) => id !== nodes[0].id));
  expect(planned.reasons.length).toBeGreaterThanOrEqual(1);
  expect(planned.reasons.length).toBeLessThanOrEqual(6);
  for (const reason of planned.reasons) expect(reason).not.toMatch(/\n|NaN|undefined|Infinity/);
}

/** Plans, and checks what must hold of every plan. */
function planned(...args: Parameters<typeof request>): PlannedLayout {
  const asked = request(...args);
  const plan = planLayout(asked);
  expectSound(asked, plan);
  return plan;
}

const anyModel = fc.constantFrom(...Object.values(models));
const anyNodes = (most: number, memory: fc.Arbitrary<number>) =>
  fc
    .array(fc.record({ speed: fc.double({ min: 1, max: 10, noNaN: true }), free: memory }), {
      minLength: 1,
      maxLength: most,
    })
    .map((all) => all.map(({ speed, free }, i) => node(`n${i}`, speed, free)));
const roomy = fc.constant(64 * GB);
/** Links that differ by pair, the same both ways. */
const anyLinks = fc
  .infiniteStream(
    fc.record({ ms: fc.double({ min: 0.05, max: 8, noNaN: true }), mb: fc.integer({ min: 5, max: 1000 }) }),
  )
  .map((stream) => {
    const known = new Map<string, LinkCapacity>();
    return (a: string, b: string): LinkCapacity => {
      const key = [a, b].sort().join();
      const { ms, mb } = known.has(key) ? { ms: 0, mb: 0 } : stream.next().value;
      const link = known.get(key) ?? { roundTripMs: ms, bytesPerSecond: mb * 1e6 };
      known.set(key, link);
      return link;
    };
  });
const anyGoal: fc.Arbitrary<LayoutGoal> = fc.oneof(
  fc.constantFrom<LayoutGoal>('auto', 'tp', 'pp'),
  fc.record({ stages: fc.integer({ min: 1, max: 4 }), ranks: fc.integer({ min: 1, max: 4 }) }),
);

describe('every plan tiles the model', () => {
  const counts = Array.from({ length: 16 }, (_, i) => i + 1);
  test.each(Object.entries(models))('%s over 1 to 16 nodes, side by side', (name, header) => {
    for (const count of counts) {
      const plan = planned(header, many(count), { goal: 'tp' });
      // The smallest models have fewer blocks of 32 columns than that.
      expect(shapeOf(plan)).toEqual([Math.min(count, Math.ceil(header.hiddenDim / 32))]);
      expect(plan.layout.stages[0][0].node, name).toBe('root');
    }
  });

  test.each(Object.entries(models))('%s over 1 to 16 nodes, one after the other', (_, header) => {
    for (const count of counts) {
      const plan = planned(header, many(count), { goal: 'pp' });
      expect(shapeOf(plan)).toEqual(Array.from({ length: Math.min(count, header.layers) }, () => 1));
    }
  });

  test('whatever the nodes, links and goal; or says what is missing', () => {
    const memory = fc.oneof(roomy, fc.double({ min: 0, max: 3 * GB, noNaN: true }).map(Math.floor));
    const settings = fc.record({
      ...{ goal: anyGoal, links: anyLinks, syncType: fc.constantFrom('f32' as const, 'q80' as const) },
      ...{ slots: fc.integer({ min: 1, max: 4 }), maxTokens: fc.integer({ min: 1, max: 256 }) },
    });
    let plans = 0;
    fc.assert(
      fc.property(anyModel, anyNodes(7, memory), settings, (header, nodes, more) => {
        try {
          planned(header, nodes, more);
          plans++;
        } catch (error) {
          if (!(error instanceof NotEnoughMemoryError || error instanceof ImpossibleLayoutError)) throw error;
          expect(error.message).toMatch(/^[^\n;]+; [^\n]+$/);
        }
      }),
      { numRuns: 300 },
    );
    expect(plans).toBeGreaterThan(30);
  });
});

describe('slices follow speed', () => {
  test('1:10 in heads, columns and rows, to a unit', () => {
    const { layout } = planned(tinyLlama, [node('root', 20), node('slow', 2)], { goal: 'tp' });
    const [fast, slow] = layout.stages[0].map(({ slice }) => slice);
    expect(Math.abs(rangeLength(fast.heads) - (32 * 10) / 11)).toBeLessThan(1);
    expect(Math.abs(rangeLength(slow.hidden) - 5632 / 11)).toBeLessThan(32);
    expect(Math.abs(rangeLength(slow.vocabulary) - 32000 / 11)).toBeLessThan(8);
  });

  test('what one node has no memory for goes to the others', () => {
    const nodes = [node('root'), node('small', 10, 0.2 * GB), node('large')];
    const { layout } = planned(tinyLlama, nodes, { goal: 'tp' });
    const [root, small, large] = layout.stages[0].map(({ slice }) => rangeLength(slice.hidden));
    expect(small).toBeGreaterThan(0);
    expect(small).toBeLessThan(5632 / 4);
    expect(Math.abs(root - large)).toBeLessThanOrEqual(32);
  });

  test('a node without room for the cache of one head still takes columns', () => {
    const long = { ...tinyLlama, seqLen: 65536 };
    const [root, small] = planned(long, [node('root'), node('small', 10, 0.35 * GB)], { goal: 'tp' }).layout.stages[0];
    expect(rangeLength(root.slice.heads)).toBe(32);
    expect(rangeLength(small.slice.hidden)).toBeGreaterThan(0);
  });

  test.each([
    ['52 heads over 8 ranks', llama30b, 8],
    ['8 key-value heads over 16 ranks', qwen, 16],
    ['heads of 16 numbers, two a block, over 9 ranks', headsOf16, 9],
    ['more ranks than heads', headsOf16, 14],
  ])('%s: everybody has part in each layer', (_, header, count) => {
    const { layout } = planned(header, many(count), { goal: 'tp' });
    const hidden = layout.stages[0].map(({ slice }) => rangeLength(slice.hidden));
    expect(Math.max(...hidden) - Math.min(...hidden)).toBeLessThanOrEqual(32);
    const heads = layout.stages[0].map(({ slice }) => rangeLength(slice.heads));
    expect(Math.max(...heads) - Math.min(...heads)).toBeLessThanOrEqual(headUnit(header));
  });
});

describe('forced goals', () => {
  test.each([
    [{ stages: 2, ranks: 4 }, 8],
    [{ stages: 2, ranks: 4 }, 11],
    [{ stages: 1, ranks: 3 }, 3],
    [{ stages: 5, ranks: 1 }, 7],
    [{ stages: 3, ranks: 5 }, 16],
  ])('%o of %d nodes', (goal, count) => {
    const plan = planned(llama30b, many(count), { goal });
    expect(shapeOf(plan)).toEqual(Array.from({ length: goal.stages }, () => goal.ranks));
    expect(plan.spare).toHaveLength(count - goal.stages * goal.ranks);
  });

  test('stages are dealt to be about equally fast', () => {
    const nodes = [9, 1, 8, 2, 7, 3, 6, 4].map((speed, i) => node(`n${i}`, speed));
    const { layout } = planned(llama30b, nodes, { goal: { stages: 2, ranks: 4 } });
    const speed = new Map(nodes.map(({ id, bytesPerSecond }) => [id, bytesPerSecond / 1e9]));
    const sums = layout.stages.map((ranks) => ranks.reduce((sum, { node }) => sum + (speed.get(node) ?? 0), 0));
    expect(Math.abs(sums[0] - sums[1])).toBeLessThanOrEqual(2);
  });

  test('even a very slow node is a rank when that is asked for', () => {
    const nodes = [node('root', 100), node('snail', 0.001)];
    expect(shapeOf(planned(tinyLlama, nodes, { goal: { stages: 1, ranks: 2 } }))).toEqual([2]);
    expect(planned(tinyLlama, nodes, { goal: 'tp' }).spare).toEqual(['snail']);
    // A root is no less a rank for being slow.
    expect(planned(tinyLlama, nodes.toReversed(), { goal: 'tp' }).spare).toEqual([]);
  });

  test.each([
    [{ stages: 2, ranks: 4 }, 5, 'takes 8 nodes and there are 5 nodes; add nodes, or use 2x2, 1x4 or auto'],
    [{ stages: 23, ranks: 1 }, 30, 'only 22 layers; use at most 22 stages, or auto'],
    [{ stages: 1, ranks: 177 }, 200, '176 parts at most; use at most 176 ranks, or auto'],
    [{ stages: 0, ranks: 1 }, 2, 'whole numbers from 1; use auto'],
    [{ stages: 3, ranks: 3 }, 1, 'there is 1 node; add nodes, or use 1x1 or auto'],
  ])('%o of %d nodes is impossible', (goal, count, message) => {
    const plan = () => planLayout(request(tinyLlama, many(count), { goal }));
    expect(plan).toThrow(ImpossibleLayoutError);
    expect(plan).toThrow(message);
  });

  test('no nodes at all', () => {
    expect(() => planLayout(request(tinyLlama, []))).toThrow(ImpossibleLayoutError);
  });

  test('a pipeline puts as many layers as fit on the faster nodes', () => {
    const nodes = [node('slow', 2), node('fast', 20, 1 * GB), node('middle', 5)];
    const { layout } = planned(llama30b, nodes, { goal: 'pp' });
    const layers = new Map(layout.stages.map(([{ node, slice }]) => [node, rangeLength(slice.layers)]));
    expect(layers.get('slow')).toBe(1);
    const fast = layout.stages.flat().find(({ node }) => node === 'fast')?.slice;
    if (!fast) throw new Error('the fast node has a stage');
    // One layer more would not fit.
    const more = { ...fast, layers: { start: fast.layers.start, end: fast.layers.end + 1 } };
    expect(rankBytes(llama30b, more, { slots: 1, maxTokens: 32 })).toBeGreaterThan(1 * GB);
  });
});

describe('auto', () => {
  test('fast links: all nodes in one stage', () => {
    const plan = planned(llama30b, many(4));
    expect(shapeOf(plan)).toEqual([4]);
    expect(plan.reasons[0]).toMatch(
      /^1 stage of 4 ranks: [\d.]+ ms a token predicted \(compute [\d.]+, sync [\d.]+\)$/,
    );
    expect(plan.reasons[1]).toMatch(/^alone root would need [\d.]+ ms a token$/);
  });

  test('the overlay network that made 8 nodes slower than 2: the root stays alone', () => {
    const plan = planned(tinyLlama, many(8), { links: () => SLOW });
    expect(shapeOf(plan)).toEqual([1]);
    expect(plan.spare).toHaveLength(7);
    expect(plan.reasons.join()).toMatch(/pi-1, pi-2, pi-3 and 4 others are spare: with any of them a token would take/);
  });

  test('the same network and no room alone: a pipeline, which has no sync points in its layers', () => {
    const plan = planned(llama30b, many(3, 10, 10 * GB), { links: () => SLOW });
    expect(shapeOf(plan)).toEqual([1, 1, 1]);
    expect(plan.reasons[1]).toMatch(/^alone root would lack [\d.]+ GB of memory$/);
  });

  test('a node far away is spare, even the fastest', () => {
    const nodes = [node('root'), node('far', 15), node('pi-1'), node('pi-2')];
    const links = (a: string, b: string) => (a === 'far' || b === 'far' ? SLOW : FAST);
    const plan = planned(tinyLlama, nodes, { links });
    expect(plan.spare).toEqual(['far']);
    expect(shapeOf(plan)).toEqual([3]);
    expect(plan.reasons.join()).toMatch(/far is spare: with it a token would take [\d.]+ ms/);
  });

  test('where memory binds, a slow node with room takes part', () => {
    const nodes = [node('root', 10, 4 * GB), node('fast', 10, 1 * GB), node('roomy', 1, 32 * GB)];
    expect(
      planned(llama30b, nodes)
        .layout.stages.flat()
        .map(({ node }) => node),
    ).toContain('roomy');
  });

  test('a gain below 10 % is not worth a node', () => {
    const allReduceMs = (ranks: readonly string[]) => (ranks.length === 2 ? 0.001 : 1);
    const alone = planned(tinyLlama, many(1)).predicted.msPerToken;
    const almost = (factor: number) => {
      // So slow a second node gains about that.
      const nodes = [node('root', 10), node('helper', 10 * factor)];
      return planned(tinyLlama, nodes, { allReduceMs, links: () => ({ roundTripMs: 0, bytesPerSecond: 1e12 }) });
    };
    expect(shapeOf(almost(0.08))).toEqual([1]);
    expect(almost(0.08).predicted.msPerToken).toBe(alone);
    expect(shapeOf(almost(0.3))).toEqual([2]);
  });

  test('what was measured of an all-reduce counts more than what links promise', () => {
    const measured = (ranks: readonly string[]) => (ranks.length > 2 ? 5 : 0.01);
    expect(shapeOf(planned(tinyLlama, many(4), { allReduceMs: measured }))).toEqual([2]);
    expect(shapeOf(planned(tinyLlama, many(4), { allReduceMs: () => Number.NaN }))).toEqual([4]);
  });

  test('fewer nodes are no excuse for being slower than before a node joined', () => {
    const nodes = [node('root'), node('pi-1'), node('pi-2'), node('new', 19.5)];
    // Three alike are fast together; the new one is fast with the root alone, and 2 % slower than the three.
    const good = ['root,pi-1,pi-2', 'root,new'];
    const allReduceMs = (ranks: readonly string[]) => (good.includes(ranks.join()) ? 0.001 : 1000);
    const before = planned(tinyLlama, nodes.slice(0, 3), { allReduceMs });
    const alone = planned(tinyLlama, [nodes[0], nodes[3]], { allReduceMs });
    expect(alone.predicted.msPerToken / before.predicted.msPerToken).toBeGreaterThan(1);
    expect(alone.predicted.msPerToken / before.predicted.msPerToken).toBeLessThan(1.1);
    const after = planned(tinyLlama, nodes, { allReduceMs });
    expect(after.spare).toEqual(['new']);
    expect(after.predicted).toEqual(before.predicted);
  });

  test('a node that is first in speed, memory and nearness, but far from all but the root', () => {
    const nodes = [node('root'), node('bad', 11, 65 * GB), ...many(8).slice(1)];
    const links = (a: string, b: string): LinkCapacity => {
      if (a !== 'bad' && b !== 'bad') return FAST;
      return a === 'root' || b === 'root' ? { ...FAST, roundTripMs: 0.09 } : { ...FAST, roundTripMs: 1 };
    };
    expect(planned(tinyLlama, nodes, { links, replicates: false }).spare).toEqual(['bad']);
  });

  test('a root without memory leads from outside', () => {
    const plan = planned(tinyLlama, [node('root', 10, 1e6), node('a', 10, 1e6), node('b'), node('c')]);
    expect(plan.spare).toEqual(['root', 'a']);
    expect(shapeOf(plan)).toEqual([2]);
    for (const goal of ['tp', 'pp', { stages: 1, ranks: 2 }] as const) {
      expect(planned(tinyLlama, [node('root', 10, 1e6), node('b'), node('c')], { goal }).spare).toEqual(['root']);
    }
  });

  test('measurements that make no sense leave a node spare', () => {
    const broken = [Number.NaN, 0, -1, Number.POSITIVE_INFINITY].map((speed, i) => node(`broken-${i}`, speed));
    expect(planned(tinyLlama, [node('root'), ...broken]).spare).toEqual(broken.map(({ id }) => id));
    const links = () => ({ roundTripMs: Number.NaN, bytesPerSecond: 0 });
    expect(planned(tinyLlama, many(3), { links }).spare).toEqual(['pi-1', 'pi-2']);
    expect(planned(tinyLlama, [node('root'), node('pi-1', 10, Number.NaN)]).spare).toEqual(['pi-1']);
  });

  test('a node more is never predicted to make it slower', () => {
    const memory = fc.oneof(roomy, fc.double({ min: 0.1 * GB, max: 12 * GB, noNaN: true }).map(Math.floor));
    let compared = 0;
    fc.assert(
      fc.property(anyModel, anyNodes(8, memory), anyLinks, (header, nodes, links) => {
        let before = Number.POSITIVE_INFINITY;
        for (let count = 1; count <= nodes.length; count++) {
          try {
            const { msPerToken } = planLayout(request(header, nodes.slice(0, count), { links })).predicted;
            expect(msPerToken).toBeLessThanOrEqual(before * 1.0001 + 1e-9);
            if (before < Number.POSITIVE_INFINITY) compared++;
            before = msPerToken;
          } catch (error) {
            if (!(error instanceof NotEnoughMemoryError) || before < Number.POSITIVE_INFINITY) throw error;
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(40);
  });

  test('is about as fast as any goal that can be forced', () => {
    fc.assert(
      fc.property(anyModel, anyNodes(6, roomy), anyGoal, fc.constantFrom(FAST, SLOW), (header, nodes, goal, link) => {
        if (typeof goal !== 'string' && goal.stages * goal.ranks > nodes.length) return;
        const links = () => link;
        const auto = planLayout(request(header, nodes, { links })).predicted.msPerToken;
        const forced = planLayout(request(header, nodes, { links, goal })).predicted.msPerToken;
        expect(auto).toBeLessThanOrEqual(forced * 1.101);
      }),
      { numRuns: 200 },
    );
  });
});

describe('half of each layer in full', () => {
  const slow = { links: () => SLOW, goal: 'tp' } as const;
  const halfOf = (plan: PlannedLayout): LayerHalf | undefined => plan.layout.stages[0][0].slice.replicated;
  const wide = tinyHeader({ ...llama30b, hiddenDim: 1024, layers: 2 });

  test('the half that costs less, where messages take longer than that', () => {
    expect(halfOf(planned(tinyLlama, many(8), slow))).toBe('attention');
    expect(halfOf(planned(wide, many(8), slow))).toBe('feed-forward');
    expect(halfOf(planned(tinyLlama, many(8), { goal: 'tp' }))).toBeUndefined();
  });

  test('halves what is waited for, and is said to', () => {
    const [with_, without] = [true, false].map((replicates) => planned(tinyLlama, many(8), { ...slow, replicates }));
    expect(halfOf(without)).toBeUndefined();
    expect(with_.predicted.syncMs).toBeLessThan(0.6 * without.predicted.syncMs);
    expect(with_.predicted.msPerToken).toBeLessThan(without.predicted.msPerToken);
    expect(with_.reasons.join('\n')).toMatch('all ranks compute attention in full');
    expect(without.reasons.join('\n')).not.toMatch('in full');
  });

  test('never where memory does not suffice', () => {
    const free = planned(tinyLlama, many(8), slow).layout.stages[0].map(({ slice }) =>
      rankBytes(tinyLlama, slice, { slots: 1, maxTokens: 32 }),
    );
    const tight = many(8).map((one, i) => ({ ...one, freeBytes: i === 3 ? free[3] - 1 : free[i] }));
    expect(halfOf(planned(tinyLlama, tight, slow))).not.toBe('attention');
  });

  test('not where a rank would have no part in the other half', () => {
    const nodes = [node('root', 10), node('slow', 0.02)]; // no whole head, but a block of columns
    for (const { slice } of planned(tinyLlama, nodes, slow).layout.stages[0]) {
      if (slice.replicated === 'feed-forward') expect(rangeLength(slice.heads)).toBeGreaterThan(0);
    }
  });
});

describe('a leader', () => {
  const starMs = () => 0.7;
  const measured = { goal: 'tp', starMs, allReduceMs: () => 0.7 } as const;
  const leaderOf = (plan: PlannedLayout) => plan.layout.stages[0].find(({ slice }) => slice.led === 'leader')?.node;

  test('computes attention for all where a message takes longer than cutting it saves, and it is said', () => {
    const plan = planned(tinyLlama, many(8, 40), measured);
    expect(leaderOf(plan)).toBe('root');
    expect(plan.predicted.syncMs).toBeCloseTo(22.5 * 0.7 + 0.16, 1);
    expect(plan.reasons.join('\n')).toMatch('root computes attention for all');
    const cut = planned(tinyLlama, many(8, 40), { ...measured, replicates: false });
    expect(leaderOf(cut)).toBeUndefined();
    expect(cut.predicted.msPerToken).toBeGreaterThan(1.15 * plan.predicted.msPerToken);
  });

  test('has its machine for itself meanwhile, if nodes share one', () => {
    const alone = many(8, 40);
    const sharing = alone.map((one) => ({ ...one, shared: { bytesPerSecond: 10e9, among: 8 } }));
    const [one, other] = [alone, sharing].map((nodes) => planned(tinyLlama, nodes, measured));
    expect(leaderOf(other)).toBe('root');
    // What is slower is the feed-forward part alone, 0.4 GB of the 0.6, and the output matrix.
    const slower = other.predicted.computeMs - one.predicted.computeMs;
    expect(slower).toBeLessThan(((0.45e9 / 8) * 1000) / 10e9);
  });

  test('not where messages are fast, where it lacks memory, or where others would be leaders of their own stage', () => {
    expect(leaderOf(planned(tinyLlama, many(8, 40), { ...measured, allReduceMs: () => 0.05 }))).toBeUndefined();
    const tight = many(8, 40).map((one, i) => (i === 0 ? { ...one, freeBytes: 0.25 * GB } : one));
    expect(leaderOf(planned(tinyLlama, tight, measured))).toBeUndefined();
    expect(leaderOf(planned(tinyLlama, many(8, 40), { ...measured, goal: { stages: 2, ranks: 4 } }))).toBeUndefined();
  });

  test('counts as what its links take, where nothing was measured', () => {
    const wifi = { links: () => ({ roundTripMs: 1, bytesPerSecond: 1e8 }), goal: 'tp' } as const;
    const plan = planned(tinyLlama, many(3, 200), { ...wifi, allReduceMs: () => 1.1 });
    expect(leaderOf(plan)).toBe('root');
    const hop = 0.5 + 0.03;
    expect(plan.predicted.syncMs).toBeCloseTo(22.5 * 2 * (hop + (2 * 2176) / 1e5) + 2 * hop, 1);
  });
});

describe('the layout of before', () => {
  const before = planned(tinyLlama, [node('root', 10), node('a', 12), node('b', 9)], { goal: 'tp' }).layout;

  test('is kept where measurements differ a little, though another would be planned', () => {
    const now = [node('root', 11), node('a', 10), node('b', 10)];
    expect(planned(tinyLlama, now, { goal: 'tp' }).layout).not.toEqual(before);
    expect(planned(tinyLlama, now, { goal: 'tp', before }).layout).toEqual(before);
  });

  test('not where a node has become much slower, is gone, or has too little memory', () => {
    for (const now of [
      [node('root'), node('a', 2), node('b')],
      [node('root'), node('a')],
      [node('root'), node('a', 12, 0.25 * GB), node('b')],
    ]) {
      expect(planned(tinyLlama, now, { goal: 'tp', before }).layout).not.toEqual(before);
    }
  });
});

describe('nodes that share a machine', () => {
  const sharing = (count: number, gigabytesPerSecond: number): NodeCapacity[] =>
    many(count).map((one) => ({ ...one, shared: { bytesPerSecond: gigabytesPerSecond * 1e9, among: count } }));

  test('eight on one are no faster than the root alone, which is chosen', () => {
    expect(shapeOf(planned(tinyLlama, many(8)))).toEqual([8]);
    expect(shapeOf(planned(tinyLlama, sharing(8, 1.25)))).toEqual([1]);
  });

  test('four pairs are worth four', () => {
    const [four, eight] = [many(4), sharing(8, 5)].map((nodes) => planned(tinyLlama, nodes, { goal: 'tp' }));
    expect(eight.predicted.computeMs).toBeGreaterThan(0.9 * four.predicted.computeMs);
  });

  test('what they would all compute in full takes them longer, and it is said why', () => {
    const plan = planned(tinyLlama, sharing(8, 1.25), {
      links: () => ({ roundTripMs: 2, bytesPerSecond: 1e8 }),
      goal: 'tp',
    });
    expect(plan.layout.stages[0][0].slice.replicated).toBeUndefined();
    expect(plan.reasons[1]).toBe(
      'root, pi-1, pi-2 and 5 others slow each other down, as if on one machine: to 13 % of the speed alone',
    );
  });
});

describe('missing memory', () => {
  const failure = (asked: LayoutRequest): NotEnoughMemoryError | undefined => {
    try {
      planLayout(asked);
      return undefined;
    } catch (error) {
      if (error instanceof NotEnoughMemoryError) return error;
      throw error;
    }
  };
  const given = (asked: LayoutRequest, { node }: NotEnoughMemoryError, bytes: number): LayoutRequest => ({
    ...asked,
    nodes: asked.nodes.map((one) =>
      node === undefined || one.id === node ? { ...one, freeBytes: one.freeBytes + bytes } : one,
    ),
  });

  test('says how much in one line', () => {
    const error = failure(request(llama30b, many(3, 10, 4 * GB)));
    expect(error?.blame).toBe('runtime');
    expect(error?.message).toMatch(
      /^The model does not fit: [\d.]+ GB of memory are missing on the 3 nodes together; add another worker, .*--max-seq-len/,
    );
    const whole = rankBytes(llama30b, wholeSlice(llama30b), { slots: 1, maxTokens: 32 });
    expect(error?.missingBytes).toBeGreaterThan(whole - 3 * 4 * GB - GB);
    expect(error?.missingBytes).toBeLessThan(whole - 3 * 4 * GB + GB);
  });

  test('alone it is what the model needs, to a megabyte', () => {
    const asked = request(tinyLlama, many(1, 10, GB / 4));
    const missing = rankBytes(tinyLlama, wholeSlice(tinyLlama), asked) - GB / 4;
    const found = failure(asked)?.missingBytes ?? 0;
    expect(found).toBeGreaterThanOrEqual(missing);
    expect(found).toBeLessThanOrEqual(missing + 2 ** 20);
  });

  test('one node cannot make up for others that have to hold a stage', () => {
    const error = failure(request(tinyLlama, many(4, 10, 0), { goal: { stages: 2, ranks: 2 } }));
    expect(error?.node).toBeUndefined();
    expect(error?.message).toContain('missing on each node');
  });

  test('with so much more it fits, and with a little less it does not', () => {
    let failures = 0;
    const memory = fc.integer({ min: 0, max: 1000 }).map((megabytes) => megabytes * 2 ** 20);
    fc.assert(
      fc.property(anyModel, anyNodes(5, memory), anyGoal, (header, nodes, goal) => {
        if (typeof goal !== 'string' && goal.stages * goal.ranks > nodes.length) return;
        if (typeof goal !== 'string' && goal.ranks * 32 > header.hiddenDim) return;
        const asked = request(header, nodes, { goal });
        const error = failure(asked);
        if (!error) return;
        failures++;
        expect(failure(given(asked, error, error.missingBytes))).toBeUndefined();
        expect(failure(given(asked, error, error.missingBytes - 2 ** 20 - 1))).toBeDefined();
      }),
      { numRuns: 300 },
    );
    expect(failures).toBeGreaterThan(10);
  });
});
