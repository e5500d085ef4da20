// Runs a model over several loaded programs as the engine and the mesh would, without links: the test adds up partial
// sums, hands the residual stream to the next stage and merges the ranks' candidates. One rank is the simplest group.

import type { Candidates, Device, LoadedProgram, LoadOptions, Step } from '../../shared/device/device.ts';
import { mergeAnswers } from '../../shared/device/top-k.ts';
import { cutRange, kvHeadsOf, type Slice, wholeSlice } from '../../shared/layout/slice.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import type { Model } from '../../shared/model/model.ts';
import { buildProgram } from '../../shared/program/build.ts';
import type { Program } from '../../shared/program/program.ts';
import type { Range } from '../../shared/units.ts';

interface Rank {
  readonly program: Program;
  readonly loaded: LoadedProgram;
}

export interface RankGroup {
  /** One answer a wanted row, over the whole vocabulary. */
  run(step: Step): Promise<readonly Candidates[]>;
  close(): Promise<void>;
}

/** Loads each slice of `stages` ([stages][ranks]) as a program of its own in `device`. */
export async function loadGroup(
  device: Device,
  model: Model,
  options: LoadOptions,
  stages: readonly (readonly Slice[])[] = [[wholeSlice(model.header)]],
): Promise<RankGroup> {
  const group: Rank[][] = [];
  for (const slices of stages) {
    const ranks: Rank[] = [];
    for (const slice of slices) {
      const program = buildProgram(model.header, slice);
      ranks.push({ program, loaded: await device.load(program, model, options) });
    }
    group.push(ranks);
  }
  return {
    async run(step) {
      let passed: StageResult = { output: undefined, candidates: [] };
      for (const ranks of group) passed = await runStage(ranks, step, passed.output);
      return passed.candidates;
    },
    async close() {
      for (const { loaded } of group.flat()) await loaded.close();
    },
  };
}

interface StageResult {
  readonly output: Float32Array | undefined;
  readonly candidates: readonly Candidates[];
}

async function runStage(ranks: Rank[], step: Step, input: Float32Array | undefined): Promise<StageResult> {
  const segments = ranks[0].program.segments;
  let result: StageResult = { output: input, candidates: [] };
  for (const [index, { sync }] of segments.entries()) {
    const outputs: Float32Array[] = [];
    const parts: (readonly Candidates[])[] = [];
    for (const { loaded, program } of ranks) {
      const { ops, input: takes } = program.segments[index];
      if (ops.length === 0) continue;
      const { output, candidates } = await loaded.run(step, index, takes === undefined ? undefined : result.output);
      if (output) outputs.push(output.slice()); // it is valid only until the next call
      parts.push(candidates);
    }
    result = {
      output: sync === 'all-reduce' || sync === 'collect' ? sum(outputs) : outputs[0],
      candidates: parts[0].length > 0 ? mergeAnswers(step, parts) : [],
    };
  }
  return result;
}

function sum(vectors: readonly Float32Array[]): Float32Array {
  return vectors[0].map((_, i) => vectors.reduce((total, vector) => total + vector[i], 0));
}

/** The slices of ranks that share `layers` in proportion to `weights`. */
export function rankSlices(
  header: ModelHeader,
  weights: readonly number[],
  layers: Range = { start: 0, end: header.layers },
): Slice[] {
  const heads = cutRange(header.heads, weights);
  const hidden = cutRange(header.hiddenDim, weights, 32);
  const vocabulary = cutRange(header.vocabSize, weights);
  return weights.map((_, rank) => ({
    layers,
    heads: heads[rank],
    kvHeads: kvHeadsOf(heads[rank], header.heads / header.kvHeads),
    hidden: hidden[rank],
    vocabulary: vocabulary[rank],
  }));
}
