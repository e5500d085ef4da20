// `shoal perplexity`, against the definition computed from the reference device's logits.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { referenceDevice } from '../../shared/device/reference/reference-device.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { createTokenizer } from '../../shared/text/tokenizer.ts';
import { tinyModel, tinyVocabulary } from '../fixtures/tiny-models.ts';
import { type ModelFolder, modelFolder } from './model-folder.ts';
import { shoal } from './shoal-process.ts';

const TEXT = 'Hello world, a text of more tokens than the context of this model holds, so that it takes windows.';
const F32 = { weightType: 'f32', seqLen: 64 } as const;

let folder: ModelFolder;
beforeAll(async () => {
  folder = await modelFolder(F32);
});
afterAll(() => folder.remove());

/** −ln p of each token after the first, by the definition. */
async function surprises(tokens: readonly number[]): Promise<number[]> {
  const { model } = await tinyModel(F32);
  const loaded = await referenceDevice().load(buildProgram(model.header), model, { slots: 1, maxTokens: 64 });
  const wanted = tokens.slice(1).map(() => ({ topK: 1, apart: [], full: true }));
  const step = { runs: [{ slot: 0, position: 0, tokens: tokens.slice(0, -1), wanted }] };
  const { candidates } = await loaded.run(step, 0);
  return candidates.map(({ full }, i) => {
    const logits = [...(full as Float32Array)];
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    return Math.log(sum) - logits[tokens[i + 1]];
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function measured(text: string, ...args: string[]) {
  const { code, stdout } = await shoal(['perplexity', '--model', folder.model, '--json', '--prompt', text, ...args]);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test('a text that fits the context', async () => {
  const text = TEXT.slice(0, 40);
  const tokens = createTokenizer(tinyVocabulary(300)).encode(text);
  const expected = mean(await surprises(tokens));
  for (const device of ['cpu', 'reference']) {
    const score = await measured(text, '--device', device);
    expect(score).toMatchObject({ tokens: tokens.length - 1, windows: 1 });
    expect(score.meanNegativeLogLikelihood).toBeCloseTo(expected, 4);
    expect(score.perplexity).toBeCloseTo(Math.exp(expected), 0);
  }
});

test('a longer one: every token once, after half a window at least', async () => {
  const [bos, ...tokens] = createTokenizer(tinyVocabulary(300)).encode(TEXT);
  const counted = await surprises([bos, ...tokens.slice(0, 64)]);
  for (let from = 64; from < tokens.length; ) {
    const window = tokens.slice(from - 32, from + 32);
    counted.push(...(await surprises([bos, ...window])).slice(32));
    from += 32;
  }
  expect(counted).toHaveLength(tokens.length);
  const score = await measured(TEXT);
  expect(score.tokens).toBe(tokens.length);
  expect(score.meanNegativeLogLikelihood).toBeCloseTo(mean(counted), 4);
});

test('for people, from a file', async () => {
  const file = await folder.put('text.txt', TEXT);
  const { stdout } = await shoal(['perplexity', '--model', folder.model, '--file', file]);
  expect(stdout).toMatch(/^Results\n {3}perplexity: [\d.]+ \(lower = better\)\n {3}avgLogProb: -[\d.]+\n/);
});
