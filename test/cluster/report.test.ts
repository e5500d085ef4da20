// What a run can tell: every frame of a step counts on its link, at both ends alike, and questions count as CONTROL.

import { expect, test } from 'vitest';
import { ROOT_ID } from '../../shared/cluster/messages.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { greedy } from './greedy.ts';
import { testCluster } from './memory-cluster.ts';

const { model } = await tinyModel({ dim: 96, heads: 6, kvHeads: 3, hiddenDim: 160, layers: 3, weightType: 'f32' });

test.each(['tp', 'pp'] as const)('%s: both ends of each link have counted the same bytes', async (goal) => {
  const { cluster, close } = testCluster(model, { workers: 2, goal });
  await cluster.settle();
  await greedy(cluster);
  const reports = await cluster.report();
  expect(reports).toHaveLength(3);
  for (const { id, snapshot } of reports) {
    const rootToo = snapshot.links.map(({ peer }) => peer);
    if (id !== ROOT_ID) expect(rootToo).toContain(ROOT_ID);
    for (const { peer, sentBytes } of snapshot.links) {
      const other = reports.find((one) => one.id === peer)?.snapshot.links.find((link) => link.peer === id);
      expect(other?.receivedBytes, `from ${id} to ${peer}`).toBe(sentBytes);
    }
  }
  const [root] = reports;
  const answered = root.snapshot.links.filter(({ receivedBytes }) => receivedBytes > 0);
  expect(answered.length).toBe(goal === 'tp' ? 2 : 1);
  await close();
});

test('questions and answers besides steps are CONTROL', async () => {
  const { cluster, close } = testCluster(model, { workers: 2, goal: 'tp' });
  await cluster.settle();
  const [root, ...workers] = await cluster.report();
  const { CONTROL } = root.snapshot.operations;
  const rounds = CONTROL?.sizes.reduce((sum, [, times]) => sum + times.count, 0) ?? 0;
  expect(rounds).toBeGreaterThan(2 * 10); // measured, link timed, meshed, tuned, planned
  expect(CONTROL?.bytes).toBeGreaterThan(2 * 3 * 65_536); // the link's bandwidth alone
  expect(workers.map(({ id }) => id)).toContain(CONTROL?.longest?.peer);
  await close();
});
