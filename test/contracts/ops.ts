// Every op of a device against the reference device's, one program an op, over random inputs and many token counts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Device,
  LoadedProgram,
  LogitsRequest,
  SegmentResult,
  Step,
  WeightFile,
} from '../../shared/device/device.ts';
import { referenceDevice } from '../../shared/device/reference/reference-device.ts';
import { stepTokens } from '../../shared/device/step.ts';
import { bytesSource } from '../../shared/model/bytes-source.ts';
import { bytesOf, quantise } from '../../shared/model/quant.ts';
import type { TensorEntry } from '../../shared/model/tensors.ts';
import type { OpName, Program } from '../../shared/program/program.ts';
import { expectClose } from './compare.ts';
import { type OpCase, opCases, type TensorValues, vocabSize } from './op-cases.ts';

/** NMSE against the reference: `default`, or what an op has of its own. */
export type OpTolerances = { readonly default: number } & Partial<Record<OpName, number>>;

// Below, at and above what kernels take at once.
const tokenCounts = [1, 2, 3, 4, 5, 8, 17, 64];
const seqLen = 2 * 64;
const loadOptions = { slots: 3, maxTokens: 64 };

export function opContract(name: string, makeDevice: () => Promise<Device>, tolerances: OpTolerances): void {
  describe(`op contract: ${name}`, () => {
    let device: Device;
    const open: LoadedProgram[] = [];
    beforeAll(async () => {
      device = await makeDevice();
    });
    afterAll(async () => {
      for (const loaded of open) await loaded.close();
    });

    it.each(titled(opCases))('%s', async (_, opCase) => {
      const tolerance = tolerances[opCase.op] ?? tolerances.default;
      const random = randomNumbers(1);
      const program = programOf(opCase);
      const weights = memoryWeights(opCase.tensors, random);
      const loaded = await device.load(program, weights, loadOptions);
      open.push(loaded);
      const reference = await referenceDevice().load(program, weights, loadOptions);
      for (const count of tokenCounts) {
        for (const [i, step] of stepsOf(count).entries()) {
          const width = opCase.input === undefined ? undefined : opCase.buffers[opCase.input].width;
          const input = width === undefined ? undefined : values(stepTokens(step) * width, random);
          const actual = await loaded.run(step, 0, input);
          const expected = await reference.run(step, 0, input);
          expectSameResult(actual, expected, tolerance, `${count} tokens, step ${i}`);
        }
      }
      await loaded.close();
    });
  });
}

const titled = (cases: readonly OpCase[]): [string, OpCase][] =>
  cases.map((opCase) => [`${opCase.op}, ${opCase.title}`, opCase]);

function expectSameResult(actual: SegmentResult, expected: SegmentResult, tolerance: number, what: string): void {
  if (expected.output) expectClose(actual.output, expected.output, tolerance, what);
  expect(actual.candidates, what).toHaveLength(expected.candidates.length);
  for (const [row, answer] of expected.candidates.entries()) {
    const { ids, logits, logSumExp, apart, full } = actual.candidates[row];
    const exact = { ids, logits, apart, full };
    expect(exact, `${what}, row ${row}`).toEqual({
      ids: answer.ids,
      logits: answer.logits,
      apart: answer.apart,
      full: answer.full,
    });
    expect(logSumExp, `${what}, row ${row}`).toBeCloseTo(answer.logSumExp, 4);
  }
}

function programOf({ buffers, input, ops, output, cache }: OpCase): Program {
  return {
    buffers,
    segments: [{ input, ops, output, sync: 'none' }],
    cache: { ...(cache ?? { layers: 1, kvHeads: 1, headDim: 32 }), seqLen },
    vocabSize,
  };
}

/** Two steps of `count` tokens over two slots where they suffice; the second goes on where the first ended. */
function stepsOf(count: number): Step[] {
  const lengths = count < 3 ? [count] : [Math.ceil(count / 3), count - Math.ceil(count / 3)];
  return [0, 1].map((part) => ({
    runs: lengths.map((length, i) => ({
      slot: 2 - i,
      position: part * length,
      tokens: Array.from({ length }, (_, t) => (31 * t + 7 * count + part) % vocabSize),
      wanted: Array.from({ length: Math.min(length, 2 + part) }, (_, t) => requests[(t + i) % requests.length]),
    })),
  }));
}

const requests: LogitsRequest[] = [
  { topK: 1, apart: [], full: true },
  { topK: 7, apart: [3, 40, 100], full: false },
  { topK: 1000, apart: [50], full: true },
];

function memoryWeights(tensors: readonly TensorValues[], random: () => number): WeightFile {
  const directory = new Map<string, TensorEntry>();
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const { name, type, rows, columns, at } of tensors) {
    const numbers = at
      ? Float32Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns))
      : values(rows * columns, random);
    const bytes = new Uint8Array(bytesOf(type, numbers.length));
    quantise(type, numbers, bytes);
    directory.set(name, { name, type, rows, columns, offset, size: bytes.length });
    parts.push(bytes);
    offset += bytes.length;
  }
  const all = new Uint8Array(offset);
  for (const [i, { offset: start }] of [...directory.values()].entries()) all.set(parts[i], start);
  return { source: bytesSource('random weights', all), tensors: directory };
}

/** Runs of 32 of very different sizes, some of them nothing but zeros. */
function values(length: number, random: () => number): Float32Array {
  let size = 1;
  return Float32Array.from({ length }, (_, i) => {
    if (i % 32 === 0) size = random() > 0.9 ? 0 : 8 ** random();
    return size * random() + 0; // no −0, which not every copy keeps
  });
}

/** Numbers in −1 to 1 (a linear congruential generator; its low bits are dropped). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 23;
  };
}
