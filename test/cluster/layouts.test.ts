// Every layout computes what one node computes: with f32 between nodes the same greedy text, with q80 logits as near as
// rounding allows. Over memory links with latency and loss.

import { describe, expect, test } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { localStepper, type Stepper } from '../../shared/engine/stepper.ts';
import type { Layout, LayoutGoal } from '../../shared/layout/layout.ts';
import { ledSlices } from '../../shared/layout/slice.ts';
import type { Model } from '../../shared/model/model.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { expectClose } from '../contracts/compare.ts';
import { rankSlices } from '../contracts/rank-group.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { greedy, PROMPT } from './greedy.ts';
import { type TestClusterOptions, testCluster } from './memory-cluster.ts';

const device = await nodeCpuDevice(1);

/** Of the prompt's last token. */
async function logits(stepper: Stepper): Promise<Float32Array> {
  let answer: Float32Array | undefined;
  for (let position = 0; position < PROMPT.length; position += 4) {
    const tokens = PROMPT.slice(position, position + 4);
    const wanted = [{ topK: 1, apart: [], full: true }];
    const [candidates] = await stepper.run({ runs: [{ slot: 0, position, tokens, wanted }] });
    answer = candidates.full;
  }
  return answer!;
}

async function alone(model: Model): Promise<Stepper> {
  const program = buildProgram(model.header);
  return localStepper(await device.load(program, model, { slots: 2, maxTokens: 8 }), program);
}

const wire = { latencyMs: 0.2, jitterMs: 0.2, lossRate: 0.02 };
const shapes = [
  ['llama, 8 heads, 2 kv heads', { dim: 128, heads: 8, kvHeads: 2, hiddenDim: 352, layers: 9 }],
  ['qwen3, 4 heads', { architecture: 'qwen3', dim: 128, heads: 4, kvHeads: 4, headDim: 32, hiddenDim: 288, layers: 8 }],
  ['f32 weights, heads of 16', { dim: 96, heads: 6, kvHeads: 3, hiddenDim: 160, layers: 8, weightType: 'f32' }],
] as const;
/** In models this small half of each layer always costs less than a message. */
const cases: readonly [nodes: number, goal: LayoutGoal, replicates: boolean][] = [
  [3, 'tp', false],
  [3, 'tp', true],
  [8, 'tp', false],
  [7, 'pp', false],
  [8, { stages: 2, ranks: 4 }, false],
  [8, { stages: 2, ranks: 4 }, true],
  [6, { stages: 3, ranks: 2 }, false],
  [8, 'auto', true],
];

describe.each(shapes)('%s', async (_, header) => {
  const { model } = await tinyModel({ vocabSize: 300, seqLen: 64, ...header });
  const expected = await greedy(await alone(model));
  const expectedLogits = await logits(await alone(model));

  test.each(cases)('%i nodes, %o, half in full: %o', async (nodes, goal, replicates) => {
    const { stages } = await expectSame({ workers: nodes - 1, goal, replicates, wire });
    if (goal === 'auto') return;
    expect(stages.flat().length).toBeGreaterThan(1);
    for (const { slice } of stages.flat()) expect(Boolean(slice.replicated ?? slice.led)).toBe(replicates);
  });

  test('a leader and two others', async () => {
    const options = { workers: 2, goal: 'tp', replicates: false, wire } as const;
    const plain = await expectSame(options);
    const slices = ledSlices(model.header, rankSlices(model.header, [1, 2, 1]));
    const layout = { stages: [plain.stages[0].map(({ node }, rank) => ({ node, slice: slices[rank] }))] };
    // As if it had been chosen the last time: it is predicted to be about as fast.
    const layouts = { recall: async () => layout, keep: async () => {} };
    expect(await expectSame({ ...options, layouts })).toEqual(layout);
  });

  /** Gives the layout that the cluster chose. */
  async function expectSame(options: TestClusterOptions): Promise<Layout> {
    const exact = testCluster(model, options);
    await exact.cluster.settle();
    const layout = exact.cluster.layout!;
    expect(await greedy(exact.cluster)).toEqual(expected);
    // Another order of sums may round a q80 activation the other way.
    const tolerance = model.header.weightType === 'f32' ? 1e-9 : 1e-3;
    expectClose(await logits(exact.cluster), expectedLogits, tolerance, 'f32');
    await exact.close();
    const rounded = testCluster(model, { ...options, syncType: 'q80' });
    await rounded.cluster.settle();
    expectClose(await logits(rounded.cluster), expectedLogits, 2e-3, 'q80');
    await rounded.close();
    return layout;
  }
});
