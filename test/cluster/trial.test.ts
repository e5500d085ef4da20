// A plan is tried before it is used: what predictions did not know must not make a node more a node too many.

import { expect, test } from 'vitest';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { greedy } from './greedy.ts';
import { testCluster } from './memory-cluster.ts';

const { model } = await tinyModel({ dim: 96, heads: 6, kvHeads: 3, hiddenDim: 160, layers: 6, weightType: 'f32' });
// A token takes the root 40 ms alone, as it says, and two nodes 20 and little for talking.
const speed = { bytesPerSecond: 5e7, workers: 1 };

test('sharing that gains is kept', async () => {
  const { cluster, close } = testCluster(model, speed);
  await cluster.settle();
  expect(cluster.layout?.stages.flat()).toHaveLength(2);
  // The weights that were sent are counted, the trial's tokens are not, on neither node.
  const reports = await cluster.report();
  expect(reports).toHaveLength(2);
  expect(reports[0].snapshot.operations.WEIGHTS?.bytes).toBeGreaterThan(100_000);
  for (const { snapshot } of reports) {
    expect(snapshot.operations.SYNC_NODE_SLICES).toBeUndefined();
    expect(snapshot.steps.prediction.tokens).toBe(0);
  }
  await close();
});

test('sharing that turns out slower than the root alone is given up', async () => {
  const { cluster, events, join, close } = testCluster(model, { ...speed, sharedMs: 15 });
  await cluster.settle();
  expect(events.map(({ type }) => type)).toContain('rejected');
  expect(cluster.layout?.stages.flat()).toHaveLength(1);
  const text = await greedy(cluster);
  // With other members it may be otherwise, so it is tried again.
  join('late');
  await cluster.settle();
  expect(events.filter(({ type }) => type === 'rejected')).toHaveLength(2);
  expect(await greedy(cluster)).toEqual(text);
  await close();
});

test('what was asked for is done, however slow', async () => {
  const { cluster, close } = testCluster(model, { ...speed, sharedMs: 15, goal: 'tp' });
  await cluster.settle();
  expect(cluster.layout?.stages.flat()).toHaveLength(2);
  await close();
});

test('nodes that are much slower with all at work are not tried at all', async () => {
  const { cluster, events, close } = testCluster(model, { ...speed, sharedBytesPerSecond: 2.5e7 });
  await cluster.settle();
  expect(events.filter(({ type }) => type === 'planned')).toHaveLength(1);
  expect(cluster.layout?.stages.flat()).toHaveLength(1);
  await close();
});
