// Nodes that go, stall and come: the text goes on with the same tokens, none lost and none twice, as long as the rest can
// hold the model.

import { describe, expect, test } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import type { LayoutMemory } from '../../shared/cluster/layout-memory.ts';
import { createEngine } from '../../shared/engine/engine.ts';
import { localStepper } from '../../shared/engine/stepper.ts';
import type { Layout, LayoutGoal } from '../../shared/layout/layout.ts';
import { NotEnoughMemoryError } from '../../shared/layout/layout-errors.ts';
import { PROCESS_BYTES, rankBytes, VOCABULARY_UNIT } from '../../shared/layout/memory.ts';
import { wholeSlice } from '../../shared/layout/slice.ts';
import { buildProgram } from '../../shared/program/build.ts';
import type { TokenId } from '../../shared/units.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { greedy, PROMPT } from './greedy.ts';
import { type TestCluster, testCluster } from './memory-cluster.ts';

const MAX_TOKENS = 24;
const { model } = await tinyModel({ dim: 96, heads: 6, kvHeads: 3, hiddenDim: 160, layers: 6, weightType: 'f32' });
const program = buildProgram(model.header);
const room = { slots: 2, maxTokens: 8 };
const expected = await greedy(
  localStepper(await (await nodeCpuDevice(1)).load(program, model, room), program),
  MAX_TOKENS,
);

/** A greedy text during which `disturb` is called after so many tokens. */
async function disturbed({ cluster }: TestCluster, after: number, disturb: () => void): Promise<TokenId[]> {
  const engine = createEngine(cluster, { clock: () => performance.now() });
  const request = { prompt: PROMPT, maxTokens: MAX_TOKENS, stopIds: [], sampling: { temperature: 0 } };
  const tokens: TokenId[] = [];
  for await (const batch of engine.generate(request)) {
    for (const { id } of batch) {
      tokens.push(id);
      if (tokens.length === after) disturb();
    }
  }
  return tokens;
}

const goals: LayoutGoal[] = ['tp', 'pp', 'auto'];

test('a worker killed at any moment, 100 times', { timeout: 240_000 }, async () => {
  let seed = 7;
  const below = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647; // Park and Miller's generator
    return seed % limit;
  };
  for (let round = 0; round < 100; round++) {
    const goal = goals[round % 3];
    const test = testCluster(model, { workers: 1 + below(4), goal, wire: { latencyMs: 0.1 * below(3) } });
    await test.cluster.settle();
    const victims = [...test.workers.values()];
    const victim = victims[below(victims.length)];
    // At the moment of a token, or some time into the step after it.
    const delayMs = below(4);
    const kill = (): void => void (delayMs === 0 ? victim.kill() : setTimeout(victim.kill, delayMs));
    const tokens = await disturbed(test, 1 + below(MAX_TOKENS - 1), kill);
    expect({ round, goal, tokens }).toEqual({ round, goal, tokens: expected });
    await test.close();
  }
});

describe.each(goals)('%s', (goal) => {
  test('a pulled cable', async () => {
    const test = testCluster(model, { workers: 3, goal, deadAfterMs: 300 });
    await test.cluster.settle();
    const victim = test.workers.get('w2');
    expect(await disturbed(test, 5, () => victim?.unplug())).toEqual(expected);
    expect({
      members: test.cluster.memberIds,
      events: test.events.filter(({ type }) => type === 'lost'),
    }).toMatchObject({
      members: ['w1', 'w3'],
    });
    await test.close();
  });

  test('all workers, one after the other', async () => {
    const test = testCluster(model, { workers: 3, goal });
    await test.cluster.settle();
    let next = 0;
    const engine = createEngine(test.cluster, { clock: () => performance.now() });
    const request = { prompt: PROMPT, maxTokens: MAX_TOKENS, stopIds: [], sampling: { temperature: 0 } };
    const tokens: TokenId[] = [];
    for await (const batch of engine.generate(request)) {
      for (const { id } of batch) {
        tokens.push(id);
        if (tokens.length % 6 === 0) test.workers.get(`w${++next}`)?.kill();
      }
    }
    expect(tokens).toEqual(expected);
    expect(test.cluster.memberIds).toEqual([]);
    await test.close();
  });
});

test('while weights are loaded', async () => {
  const test = testCluster(model, { workers: 3, goal: 'tp', wire: { latencyMs: 1 } });
  const settled = test.cluster.settle();
  setTimeout(() => test.workers.get('w3')?.kill(), 30);
  await settled;
  expect(await greedy(test.cluster, MAX_TOKENS)).toEqual(expected);
  await test.close();
});

test('what cannot be held any more ends with how much is missing, and goes on once a node is back', async () => {
  const half = PROCESS_BYTES + 0.75 * (rankBytes(model.header, wholeSlice(model.header), room) - PROCESS_BYTES);
  const test = testCluster(model, { workers: 1, freeBytes: half });
  await test.cluster.settle();
  expect(test.cluster.layout?.stages.flat().map(({ node }) => node)).toEqual(['root', 'w1']);
  const error = await disturbed(test, 4, () => test.workers.get('w1')?.kill()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotEnoughMemoryError);
  expect((error as Error).message).toMatch(/GB/);
  await expect(disturbed(test, 1, () => {})).rejects.toThrow(NotEnoughMemoryError);
  test.join('w2', { freeBytes: half });
  await test.cluster.settle();
  expect(await greedy(test.cluster, MAX_TOKENS)).toEqual(expected);
  await test.close();
});

test('who joins between requests is used from the next one on, and its cache of before is no trap', async () => {
  const test = testCluster(model, { workers: 1, goal: 'tp' });
  await test.cluster.settle();
  expect(await greedy(test.cluster, MAX_TOKENS)).toEqual(expected);
  test.join('late');
  await test.cluster.settle();
  expect(test.cluster.layout?.stages.flat().map(({ node }) => node)).toEqual(['root', 'w1', 'late']);
  expect(await greedy(test.cluster, MAX_TOKENS)).toEqual(expected);
  await test.close();
});

test('a second start sends nothing that the workers have, in whatever order they come', async () => {
  const sent = ({ events }: TestCluster): number =>
    events.reduce((most, event) => (event.type === 'sending' ? Math.max(most, event.total) : most), 0);
  const first = testCluster(model, { workers: 3, goal: 'tp', replicates: false });
  const stores = new Map([...first.workers].map(([id, { store }]) => [id, store]));
  await first.cluster.settle();
  expect(sent(first)).toBeGreaterThan(50_000);
  await first.close();
  const second = testCluster(model, { workers: 0, goal: 'tp', replicates: false });
  for (const id of ['w3', 'w1', 'w2']) second.join(id, { store: stores.get(id) });
  await second.cluster.settle();
  expect(sent(second)).toBe(0);
  expect(await greedy(second.cluster, MAX_TOKENS)).toEqual(expected);
  await second.close();
});

test('a second start has the layout of the first, though speeds are measured otherwise', async () => {
  const known = new Map<string, Layout>();
  const layouts: LayoutMemory = {
    recall: async (nodes) => known.get(nodes),
    keep: async (nodes, layout) => void known.set(nodes, layout),
  };
  const first = testCluster(model, { workers: 2, goal: 'tp', layouts, bytesPerSecond: 1e9 });
  await first.cluster.settle();
  const { layout } = first.cluster;
  await first.close();
  expect(known.size).toBe(1);
  // As if the first had measured otherwise.
  const [[nodes]] = known;
  const moved = structuredClone(layout!);
  known.set(nodes, moved);
  const [a, b] = moved.stages[0] as unknown as { slice: { vocabulary: { start: number; end: number } } }[];
  a!.slice.vocabulary.end -= VOCABULARY_UNIT;
  b!.slice.vocabulary.start -= VOCABULARY_UNIT;
  const second = testCluster(model, { workers: 2, goal: 'tp', layouts });
  await second.cluster.settle();
  expect(second.cluster.layout).toEqual(moved);
  expect(await greedy(second.cluster, MAX_TOKENS)).toEqual(expected);
  await second.close();
});
