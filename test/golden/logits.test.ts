// Real models against an implementation that shares nothing with ours: logits, greedy text and token ids as
// tools/demo-model/make_goldens.py computed them (NumPy in double precision, checked there against JAX) from the
// committed q40 files, taken as f32. So a model converted to f32 must agree to rounding; with quantised weights
// activations are quantised too, which the goldens' are not, and the error of that is bounded.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { openFileSource } from '../../node/storage/file-source.ts';
import type { LoadedProgram } from '../../shared/device/device.ts';
import { memorySink } from '../../shared/model/byte-sink.ts';
import { bytesSource } from '../../shared/model/bytes-source.ts';
import type { FloatType } from '../../shared/model/header.ts';
import { readModel } from '../../shared/model/m-file.ts';
import { convertModel } from '../../shared/model/m-writer.ts';
import type { Model } from '../../shared/model/model.ts';
import { readVocabulary } from '../../shared/model/t-file.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { createTokenizer, type Tokenizer } from '../../shared/text/tokenizer.ts';
import { nmse } from '../contracts/compare.ts';

interface Golden {
  readonly tokens: number[];
  readonly promptLength: number;
  readonly logitsFile: string;
  readonly logitsShape: [tokens: number, vocab: number];
  readonly greedy: number[];
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const demo = (name: string): string => here(`../../demo/${name}`);

/** Measured: f16 1.3e-7, q80 2e-4, q40 1e-4, the larger of both models. */
const LARGEST_NMSE: Record<'f16' | 'q80' | 'q40', number> = { f16: 2e-7, q80: 5e-4, q40: 5e-4 };

for (const [name, file] of [
  ['shoal-demo', demo('shoal-demo')],
  ['qwen3-tiny', here('qwen3-tiny')],
]) {
  const golden = JSON.parse(readFileSync(here(`${name}.json`), 'utf8')) as Golden;
  const expected = new Float32Array(new Uint8Array(readFileSync(here(golden.logitsFile))).buffer);

  describe(name, () => {
    let original: Model;
    beforeAll(async () => {
      original = await readModel(await openFileSource(`${file}.m`));
      return () => original.source.close();
    });

    test('f32 logits equal the golden ones', async () => {
      const actual = await logitsOf(await inType(original, 'f32'), golden.tokens);
      const largest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
      expect(largest).toBeLessThan(0.01); // of a range of 26; 1e-3 with keys and values in f32
    });

    test.each(['f16', 'q80', 'q40'] as const)('%s logits are close to the golden ones', async (type) => {
      const actual = await logitsOf(await inType(original, type), golden.tokens);
      expect(nmse(actual, expected)).toBeLessThan(LARGEST_NMSE[type]);
    });

    test.each([1, 2, 3, 4])('greedy text in f32 is the golden one with %i threads', async (threads) => {
      const model = await inType(original, 'f32');
      const prompt = golden.tokens.slice(0, golden.promptLength);
      expect(await greedy(model, prompt, golden.greedy.length, threads)).toEqual(golden.greedy);
    });

    test('token ids equal the golden ones', async () => {
      const source = await openFileSource(`${file}.t`);
      const tokenizer: Tokenizer = createTokenizer(await readVocabulary(source));
      await source.close();
      const cases = JSON.parse(readFileSync(here('tokenizers.json'), 'utf8'))[name] as {
        text: string;
        ids: number[];
      }[];
      for (const { text, ids } of cases)
        expect(tokenizer.encode(text, { bos: false, special: true }), text).toEqual(ids);
    });
  });
}

async function inType(model: Model, type: FloatType): Promise<Model> {
  if (model.header.weightType === type) return model;
  const sink = memorySink();
  await convertModel(model, type, sink);
  return readModel(bytesSource(`${type} of ${model.source.name}`, sink.bytes()));
}

async function load(model: Model, threads: number): Promise<LoadedProgram> {
  const device = await nodeCpuDevice(threads);
  return device.load(buildProgram(model.header), model, { slots: 1, maxTokens: 64 });
}

/** Logits after each token: [tokens, vocab]. */
async function logitsOf(model: Model, tokens: readonly number[]): Promise<Float32Array> {
  const loaded = await load(model, 2);
  try {
    const wanted = tokens.map(() => ({ topK: 1, apart: [], full: true }));
    const { candidates } = await loaded.run({ runs: [{ slot: 0, position: 0, tokens, wanted }] }, 0);
    return Float32Array.from(candidates.flatMap(({ full }) => Array.from(full ?? [])));
  } finally {
    await loaded.close();
  }
}

async function greedy(model: Model, prompt: readonly number[], count: number, threads: number): Promise<number[]> {
  const loaded = await load(model, threads);
  try {
    const found: number[] = [];
    let position = 0;
    let tokens: readonly number[] = prompt;
    while (found.length < count) {
      const wanted = [{ topK: 1, apart: [], full: false }];
      const { candidates } = await loaded.run({ runs: [{ slot: 0, position, tokens, wanted }] }, 0);
      position += tokens.length;
      tokens = [candidates[0].ids[0]];
      found.push(tokens[0]);
    }
    return found;
  } finally {
    await loaded.close();
  }
}
