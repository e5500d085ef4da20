// What every device checks before it computes: that a step fits what was loaded, and that a segment gets its input.
// A step that came over a wire must not be able to read or write outside a device's buffers.

import { ShoalError } from '../errors.ts';
import type { Program, Segment } from '../program/program.ts';
import type { LogitsRequest, Run, Step } from './device.ts';

/** What a loaded program has room for. */
export interface StepLimits {
  readonly slots: number;
  readonly maxTokens: number;
  readonly seqLen: number;
  readonly vocabSize: number;
}

/** A step that a device cannot run: the caller's fault, found before anything was changed. */
export class InvalidStepError extends ShoalError {
  readonly blame = 'runtime';
}

/** A segment was asked for that the program does not have, or without the input it takes. */
export class InvalidSegmentError extends ShoalError {
  readonly blame = 'runtime';
}

/** A loaded program was used after `close`. */
export class ClosedProgramError extends ShoalError {
  readonly blame = 'runtime';

  constructor() {
    super('This program was closed and its weights are gone; load it again');
  }
}

export const stepTokens = (step: Step): number => step.runs.reduce((sum, run) => sum + run.tokens.length, 0);
export const stepWanted = (step: Step): number => step.runs.reduce((sum, run) => sum + run.wanted.length, 0);

/** Throws an InvalidStepError unless `step` fits `limits`. */
export function assertStep(step: Step, limits: StepLimits): void {
  if (step.runs.length === 0) throw new InvalidStepError('The step has no runs; give it at least one');
  const slots = new Set<number>();
  for (const run of step.runs) {
    assertRun(run, limits);
    if (slots.has(run.slot)) {
      throw new InvalidStepError(`The step has two runs in slot ${run.slot}; put the second into the next step`);
    }
    slots.add(run.slot);
  }
  const tokens = stepTokens(step);
  if (tokens > limits.maxTokens) {
    throw new InvalidStepError(
      `The step has ${tokens} tokens but the device has room for ${limits.maxTokens}; split it or load with more`,
    );
  }
}

function assertRun(run: Run, limits: StepLimits): void {
  const { slot, position, tokens, wanted } = run;
  if (!isIndex(slot, limits.slots)) {
    throw new InvalidStepError(`There is no slot ${slot}; the device was loaded with ${limits.slots}`);
  }
  if (tokens.length === 0) {
    throw new InvalidStepError(`The run in slot ${slot} has no tokens; leave it out of the step`);
  }
  if (!isIndex(position, limits.seqLen) || position + tokens.length > limits.seqLen) {
    throw new InvalidStepError(
      `The run in slot ${slot} covers positions ${position} to ${position + tokens.length - 1} but a sequence has ` +
        `${limits.seqLen}; shorten it`,
    );
  }
  for (const token of tokens) {
    if (!isIndex(token, limits.vocabSize)) {
      throw new InvalidStepError(
        `The run in slot ${slot} has token ${token} but the vocabulary has ${limits.vocabSize}; check that the ` +
          "tokenizer is this model's",
      );
    }
  }
  if (wanted.length > tokens.length) {
    throw new InvalidStepError(
      `The run in slot ${slot} wants ${wanted.length} rows of logits but has ${tokens.length} tokens; want fewer`,
    );
  }
  for (const request of wanted) assertRequest(request, limits);
}

function assertRequest(request: LogitsRequest, limits: StepLimits): void {
  if (!Number.isInteger(request.topK) || request.topK < 1) {
    throw new InvalidStepError(`A request asks for the top ${request.topK} logits; ask for 1 or more`);
  }
  for (const id of request.apart) {
    if (!isIndex(id, limits.vocabSize)) {
      throw new InvalidStepError(
        `A request sets apart token ${id} but the vocabulary has ${limits.vocabSize}; leave it out`,
      );
    }
  }
}

/** The segment of that index, after checking that `input` is there exactly if it is taken, in the step's size. */
export function checkedSegment(program: Program, index: number, step: Step, input: Float32Array | undefined): Segment {
  const count = program.segments.length;
  if (!isIndex(index, count)) {
    throw new InvalidSegmentError(`There is no segment ${index}; the program has ${count}, counted from 0`);
  }
  const segment = program.segments[index];
  const expected = segment.input === undefined ? undefined : stepTokens(step) * program.buffers[segment.input].width;
  if (input?.length !== expected) {
    throw new InvalidSegmentError(
      `Segment ${index} was given ${input ? `${input.length} numbers` : 'no input'} but takes ` +
        `${expected === undefined ? 'none' : expected}; pass [tokens, width] of its input buffer`,
    );
  }
  return segment;
}

const isIndex = (value: number, count: number): boolean => Number.isInteger(value) && value >= 0 && value < count;
