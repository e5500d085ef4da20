import { describe, expect, it } from 'vitest';
import type { Program } from '../program/program.ts';
import type { Run } from './device.ts';
import { assertStep, checkedSegment, InvalidStepError, stepTokens, stepWanted } from './step.ts';

const limits = { slots: 2, maxTokens: 8, seqLen: 16, vocabSize: 10 };
const request = { topK: 1, apart: [], full: false };
const run = (changes: Partial<Run> = {}): Run => ({ slot: 0, position: 0, tokens: [1, 2], wanted: [], ...changes });

describe('assertStep', () => {
  it('accepts what just fits', () => {
    const full = [run({ slot: 1, position: 10, tokens: [0, 9, 0, 9, 0, 9], wanted: [request] }), run()];
    expect(() => assertStep({ runs: full }, limits)).not.toThrow();
    expect(stepTokens({ runs: full })).toBe(8);
    expect(stepWanted({ runs: full })).toBe(1);
  });

  // The contract suite has the whole list of bad steps; here is what people get to read.
  it.each([
    [[], 'The step has no runs; give it at least one'],
    [[run({ slot: 2 })], 'There is no slot 2; the device was loaded with 2'],
    [[run({ tokens: [] })], 'The run in slot 0 has no tokens; leave it out of the step'],
    [[run({ position: 15 })], 'The run in slot 0 covers positions 15 to 16 but a sequence has 16; shorten it'],
    [[run({ position: 0.5 })], 'The run in slot 0 covers positions 0.5 to 1.5 but a sequence has 16; shorten it'],
    [[run(), run()], 'The step has two runs in slot 0; put the second into the next step'],
    [
      [run({ wanted: [request, request, request] })],
      'The run in slot 0 wants 3 rows of logits but has 2 tokens; want fewer',
    ],
    [
      [run({ tokens: [1, 1, 1, 1] }), run({ slot: 1, tokens: [1, 1, 1, 1, 1] })],
      'The step has 9 tokens but the device has room for 8; split it or load with more',
    ],
  ])('refuses %#', (runs, message) => {
    expect(() => assertStep({ runs }, limits)).toThrow(new InvalidStepError(message));
  });
});

describe('checkedSegment', () => {
  const program: Program = {
    buffers: { x: { width: 3, type: 'f32' } },
    segments: [
      { input: undefined, ops: [], output: 'x', sync: 'next-stage' },
      { input: 'x', ops: [], output: 'x', sync: 'none' },
    ],
    cache: { layers: 1, kvHeads: 1, headDim: 2, seqLen: 4 },
    vocabSize: 10,
  };
  const step = { runs: [run()] };

  it('gives the segment', () => {
    expect(checkedSegment(program, 0, step, undefined)).toBe(program.segments[0]);
    expect(checkedSegment(program, 1, step, new Float32Array(6))).toBe(program.segments[1]);
  });

  it.each([
    [2, undefined, 'There is no segment 2; the program has 2, counted from 0'],
    [0, 6, 'Segment 0 was given 6 numbers but takes none; pass [tokens, width] of its input buffer'],
    [1, undefined, 'Segment 1 was given no input but takes 6; pass [tokens, width] of its input buffer'],
    [1, 3, 'Segment 1 was given 3 numbers but takes 6; pass [tokens, width] of its input buffer'],
  ])('refuses segment %d with %s numbers', (index, length, message) => {
    const input = length === undefined ? undefined : new Float32Array(length);
    expect(() => checkedSegment(program, index, step, input)).toThrow(message);
  });
});
