// What the cpu device promises beyond the contract: neither the number of threads nor how a text is cut into steps, nor
// what else a step carries, changes a bit of the answer. So greedy text is the same everywhere.

import { afterAll, describe, expect, it } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import type { LoadedProgram, LogitsRequest, Run } from '../../shared/device/device.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';

const full: LogitsRequest = { topK: 1, apart: [], full: true };
const open: LoadedProgram[] = [];
afterAll(async () => {
  for (const loaded of open) await loaded.close();
});

const text = Array.from({ length: 23 }, (_, i) => (i * 97 + 11) % 203);
const run = (slot: number, position: number, tokens: number[], wanted: number): Run => {
  return { slot, position, tokens, wanted: Array(wanted).fill(full) };
};

/** The logits after the text's last token, in slot 0, by way of steps of these lengths. */
async function lastLogits(
  loaded: LoadedProgram,
  lengths: readonly number[],
  beside: Run[] = [],
): Promise<Float32Array> {
  let at = 0;
  let last: Float32Array | undefined;
  for (const length of lengths) {
    const { candidates } = await loaded.run({ runs: [...beside, run(0, at, text.slice(at, at + length), 1)] }, 0);
    last = candidates.at(-1)?.full;
    at += length;
  }
  return last ?? new Float32Array();
}

describe.each(['f32', 'f16', 'q40', 'q80'] as const)('%s weights', (weightType) => {
  it('give the same bits for 1 to 5 threads, however the text is cut and whatever is beside it', async () => {
    const shape = { dim: 288, heads: 9, kvHeads: 3, headDim: 32, hiddenDim: 352, vocabSize: 203 };
    const { model } = await tinyModel({ ...shape, weightType }, 11);
    let expected: Float32Array | undefined;
    for (const threads of [1, 2, 3, 4, 5]) {
      const device = await nodeCpuDevice(threads);
      const loaded = await device.load(buildProgram(model.header), model, { slots: 3, maxTokens: 48 });
      open.push(loaded);
      expected ??= await lastLogits(loaded, [text.length]);
      const others = [run(1, 0, text.slice(3, 9), 1), run(2, 0, text.slice(5), 0)];
      for (const [lengths, beside] of [
        [[23], []],
        [Array<number>(23).fill(1), []],
        [[7, 9, 1, 6], []],
        [[16, 3, 4], others],
        [[22, 1], others],
      ] as const) {
        const actual = await lastLogits(loaded, lengths, [...beside]);
        expect(Buffer.compare(new Uint8Array(actual.buffer), new Uint8Array(expected.buffer))).toBe(0);
      }
    }
  });
});
