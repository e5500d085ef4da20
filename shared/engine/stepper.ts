// The port through which the engine has steps computed, and the implementation for one device. The engine knows
// neither whether a device, a thread group or a cluster answers, nor where the layers lie.

import type { Candidates, LoadedProgram, SegmentResult, Step } from '../device/device.ts';
import type { Program } from '../program/program.ts';
import { NeedsRanksError } from './errors.ts';

/**
 * Runs one step at a time; calls must not overlap. Rejecting, it leaves the slots that the step did not name as they
 * were, unless it rejects with a CacheLostError, which empties all.
 */
export interface Stepper {
  /** Sequences that the cache has room for. */
  readonly slots: number;
  /** The most tokens that a step may carry. */
  readonly maxTokens: number;
  /** Positions that a slot has. */
  readonly seqLen: number;
  readonly vocabSize: number;
  /** One answer a request, in the order of the runs and their `wanted`. Valid until the next call. */
  run(step: Step): Promise<readonly Candidates[]>;
}

/** Steps on one device that holds the whole model. */
export function localStepper(loaded: LoadedProgram, program: Program): Stepper {
  for (const { sync } of program.segments) if (sync !== 'none') throw new NeedsRanksError(sync);
  return {
    slots: loaded.slots,
    maxTokens: loaded.maxTokens,
    seqLen: program.cache.seqLen,
    vocabSize: program.vocabSize,
    async run(step) {
      let result: SegmentResult = { output: undefined, candidates: [] };
      for (let segment = 0; segment < program.segments.length; segment++) {
        result = await loaded.run(step, segment, result.output);
      }
      return result.candidates;
    },
  };
}
