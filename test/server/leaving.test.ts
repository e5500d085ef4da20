// Clients that go away while they wait for a slot: nobody computes for them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelFolder, modelFolder } from '../cli/model-folder.ts';
import { type ServerProcess, startServer } from './server-process.ts';

let folder: ModelFolder;
let server: ServerProcess;
beforeAll(async () => {
  folder = await modelFolder({
    dim: 256,
    heads: 8,
    kvHeads: 4,
    hiddenDim: 512,
    layers: 8,
    seqLen: 512,
    weightType: 'f32',
  });
  server = await startServer([
    '--model',
    folder.model,
    '--tokenizer',
    folder.tokenizer,
    '--slots',
    '1',
    '--nthreads',
    '1',
  ]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

const health = async () => (await (await fetch(`${server.url}/health`)).json()) as { running: number; waiting: number };

test('in the queue, with and without a stream', async () => {
  const leaving = new AbortController();
  const ask = (stream: boolean) =>
    fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      signal: leaving.signal,
      // Without the bias chance would end some answers early: 2 is the end of a text.
      body: JSON.stringify({ model: 'tiny', prompt: 'Hello', max_tokens: 500, stream, logit_bias: { 2: -100 } }),
    }).then((answer) => answer.text());
  const asked = performance.now();
  expect(JSON.parse(await ask(false))).toMatchObject({ choices: [{ finish_reason: 'length' }] });
  const alone = performance.now() - asked;
  const calls = Array.from({ length: 30 }, (_, i) => ask(i % 2 === 0));
  await expect.poll(async () => (await health()).waiting, { interval: 5 }).toBe(29);
  leaving.abort();
  expect((await Promise.allSettled(calls)).every(({ status }) => status === 'rejected')).toBe(true);
  // To compute them all would take thirty times as long as one.
  await expect.poll(health, { timeout: 10 * alone, interval: 5 }).toMatchObject({ running: 0, waiting: 0 });
});
