// The cpu device where shapes are as small or as odd as a file may make them, and where numbers are no longer ordinary:
// what it computes agrees with the reference, what it cannot compute it refuses, and a broken model shows as one.

import { afterEach, describe, expect, it } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { UnsupportedShapeError } from '../../shared/device/cpu/kernel-limits.ts';
import type { Candidates, Device, LoadedProgram, LoadOptions, Step } from '../../shared/device/device.ts';
import { referenceDevice } from '../../shared/device/reference/reference-device.ts';
import type { FloatType, ModelHeader } from '../../shared/model/header.ts';
import type { Model } from '../../shared/model/model.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { expectClose } from './compare.ts';

const open: LoadedProgram[] = [];
afterEach(async () => {
  for (const loaded of open.splice(0)) await loaded.close();
});

async function answers(device: Device, model: Model, options: LoadOptions, steps: Step[]): Promise<Candidates[]> {
  const loaded = await device.load(buildProgram(model.header), model, options);
  open.push(loaded);
  const all: Candidates[] = [];
  for (const step of steps) all.push(...(await loaded.run(step, 0)).candidates);
  return all;
}

const full = { topK: 2, apart: [], full: true };
const step = (slot: number, position: number, tokens: number[], wanted = 1): Step => ({
  runs: [{ slot, position, tokens, wanted: Array(wanted).fill(full) }],
});

describe('shapes', () => {
  const cases: [string, Partial<ModelHeader>, LoadOptions, Step[]][] = [
    ['a vocabulary of one', { vocabSize: 1 }, { slots: 1, maxTokens: 4 }, [step(0, 0, [0, 0, 0])]],
    ['a vocabulary of two', { vocabSize: 2 }, { slots: 1, maxTokens: 4 }, [step(0, 0, [1, 0, 1])]],
    [
      'a context of one',
      { seqLen: 1 },
      { slots: 2, maxTokens: 1 },
      [step(0, 0, [5]), step(1, 0, [6]), step(0, 0, [7])],
    ],
    ['a context of nine', { seqLen: 9 }, { slots: 1, maxTokens: 9 }, [step(0, 0, [1, 2, 3, 4, 5, 6, 7, 8, 9], 9)]],
    ['steps of one token', {}, { slots: 1, maxTokens: 1 }, [step(0, 0, [3]), step(0, 1, [4])]],
    ['one head', { heads: 1, kvHeads: 1, headDim: 64 }, { slots: 1, maxTokens: 8 }, [step(0, 0, [1, 2, 3, 4, 5, 6])]],
    ['heads of eight', { heads: 8, kvHeads: 4, headDim: 8 }, { slots: 1, maxTokens: 8 }, [step(0, 0, [1, 2, 3, 4], 4)]],
    ['heads of 24', { dim: 96, headDim: 24 }, { slots: 1, maxTokens: 9 }, [step(0, 0, [1, 2, 3, 4, 5, 6, 7], 7)]],
    [
      'one block',
      { dim: 32, heads: 1, headDim: 32, hiddenDim: 32 },
      { slots: 1, maxTokens: 4 },
      [step(0, 0, [1, 2, 3])],
    ],
    [
      'many slots',
      { seqLen: 8 },
      { slots: 200, maxTokens: 4 },
      [step(199, 0, [1, 2]), step(0, 0, [3]), step(199, 2, [4])],
    ],
    [
      'odd widths',
      { weightType: 'f32', dim: 50, heads: 2, kvHeads: 1, headDim: 8, hiddenDim: 13, vocabSize: 7 },
      { slots: 1, maxTokens: 9 },
      [step(0, 0, [1, 2, 3, 4, 5, 6, 0], 7)],
    ],
    [
      'widths of one',
      { weightType: 'f16', dim: 1, heads: 1, kvHeads: 1, headDim: 8, hiddenDim: 1, vocabSize: 3 },
      { slots: 1, maxTokens: 9 },
      [step(0, 0, [1, 2, 0, 1, 1, 2, 0], 7)],
    ],
  ];
  it.each(cases.flatMap((one) => [1, 3].map((threads) => [threads, ...one] as const)))(
    '%i threads, %s',
    async (threads, _, overrides, options, steps) => {
      const { model } = await tinyModel({ ...overrides }, 3);
      const expected = await answers(referenceDevice(), model, options, steps);
      const actual = await answers(await nodeCpuDevice(threads), model, options, steps);
      for (const [row, answer] of actual.entries()) {
        const quantised = model.header.weightType === 'q40';
        expectClose(answer.full, expected[row].full ?? [], quantised ? 1e-3 : 5e-7, `row ${row}`);
        expect(answer.ids).toHaveLength(expected[row].ids.length);
      }
    },
  );

  it.each([
    ['llama', 2],
    ['llama', 4],
    ['llama', 12],
    ['qwen3', 20],
    ['qwen3', 36],
  ] as const)('%s heads of %i are refused before anything is computed', async (architecture, headDim) => {
    const header = { architecture, headDim, heads: 2, kvHeads: 1, weightType: 'f32' as const, ropeTheta: 10000 };
    const { model } = await tinyModel(header, 3);
    const loading = answers(await nodeCpuDevice(2), model, { slots: 1, maxTokens: 8 }, [step(0, 0, [1, 2, 3])]);
    await expect(loading).rejects.toThrow(UnsupportedShapeError);
    await expect(loading).rejects.toThrow(/head dim is \d+, not a multiple of 8; use --device reference$/);
    // What it is told to use instead works.
    expect(await answers(referenceDevice(), model, { slots: 1, maxTokens: 8 }, [step(0, 0, [1])])).toHaveLength(1);
  });
});

describe('numbers', () => {
  /** A model whose token 1 has these numbers in its embedding, over and over; or which has them in another vector. */
  async function modelWith(weightType: FloatType, numbers: readonly number[], tensor = 'embedding'): Promise<Model> {
    const { model, bytes } = await tinyModel({ weightType }, 5);
    const { offset, columns, rows } = model.tensors.get(tensor)!;
    const row = new DataView(bytes.buffer, offset + (rows > 1 ? columns * 4 : 0), columns * 4);
    for (let i = 0; i < columns; i++) row.setFloat32(4 * i, numbers[i % numbers.length], true);
    return model;
  }
  const weightTypes: FloatType[] = ['f32', 'f16', 'q40', 'q80'];
  const compute = async (device: Device, model: Model): Promise<Candidates> => {
    const [answer] = await answers(device, model, { slots: 1, maxTokens: 4 }, [step(0, 0, [2, 1])]);
    return answer;
  };

  const ordinary: [string, number[]][] = [
    ['zeros', [0]],
    ['numbers below f32’s normal ones', [1e-40, -1e-41, 0]],
    ['tiny numbers', [1e-20, -2e-20]],
    ['large numbers', [1e6, -2e6, 3]],
    ['large numbers of very different sizes', [1e15, -1, 1e-15]],
  ];
  it.each(weightTypes.flatMap((type) => ordinary.map(([what, numbers]) => [type, what, numbers] as const)))(
    '%s weights, %s: as the reference',
    async (weightType, _, numbers) => {
      const model = await modelWith(weightType, numbers);
      const expected = await compute(referenceDevice(), model);
      const actual = await compute(await nodeCpuDevice(2), model);
      const quantised = weightType === 'q40' || weightType === 'q80';
      expectClose(actual.full, expected.full ?? [], quantised ? 1e-3 : 5e-7);
    },
  );

  const broken: [string, number[]][] = [
    ['not a number', [1, Number.NaN, 2, 3]],
    ['not a number in a place of its own', [...Array<number>(37).fill(1), Number.NaN, ...Array<number>(26).fill(1)]],
    ['infinite', [1, Infinity, -1, 2]],
  ];
  it.each(['q40', 'q80'] as const)(
    '%s weights, activations that no f16 scale reaches: show in the answer',
    async (weightType) => {
      const model = await modelWith(weightType, [1e9], 'final-norm');
      expect((await compute(referenceDevice(), model)).logSumExp).toBeNaN();
      expect((await compute(await nodeCpuDevice(2), model)).logSumExp).toBeNaN();
    },
  );

  it.each(weightTypes.flatMap((type) => broken.map(([what, numbers]) => [type, what, numbers] as const)))(
    '%s weights, %s: shows in the answer',
    async (weightType, _, numbers) => {
      const model = await modelWith(weightType, numbers);
      expect((await compute(referenceDevice(), model)).logSumExp).toBeNaN();
      expect((await compute(await nodeCpuDevice(2), model)).logSumExp).toBeNaN();
    },
  );
});
