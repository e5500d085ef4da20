import { describe, expect, test } from 'vitest';
import type { LoadedProgram } from '../device/device.ts';
import { selectCandidates } from '../device/top-k.ts';
import type { Program, Segment } from '../program/program.ts';
import { NeedsRanksError } from './errors.ts';
import { localStepper } from './stepper.ts';

const programOf = (...segments: Segment[]): Program => ({
  buffers: {},
  segments,
  cache: { layers: 1, kvHeads: 1, headDim: 32, seqLen: 16 },
  vocabSize: 3,
});
const segment = (sync: Segment['sync']): Segment => ({ input: undefined, ops: [], output: 'x', sync });

describe('localStepper', () => {
  test('runs the segments in order, each with the output of the one before', async () => {
    const calls: unknown[] = [];
    const answer = selectCandidates(Float32Array.of(1, 2, 3), 0, { topK: 1, apart: [], full: false });
    const loaded: LoadedProgram = {
      maxTokens: 8,
      slots: 2,
      async run(_step, index, input) {
        calls.push([index, input?.[0]]);
        return { output: Float32Array.of(index + 10), candidates: index === 1 ? [answer] : [] };
      },
      timings: async () => [],
      close: async () => {},
    };
    const stepper = localStepper(loaded, programOf(segment('none'), segment('none')));
    expect(stepper).toMatchObject({ slots: 2, maxTokens: 8, seqLen: 16, vocabSize: 3 });
    expect(await stepper.run({ runs: [] })).toEqual([answer]);
    expect(calls).toEqual([
      [0, undefined],
      [1, 10],
    ]);
  });

  test('refuses a program that waits for other ranks', () => {
    const loaded = { maxTokens: 8, slots: 2 } as LoadedProgram;
    expect(() => localStepper(loaded, programOf(segment('all-reduce'), segment('none')))).toThrow(NeedsRanksError);
  });
});
