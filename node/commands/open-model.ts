// Brings an opened model into a device, with a progress bar, and an engine on top.

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { OpTiming } from '../../shared/device/device.ts';
import { createEngine, type Engine } from '../../shared/engine/engine.ts';
import { localStepper } from '../../shared/engine/stepper.ts';
import { totalTensorBytes } from '../../shared/model/tensor-list.ts';
import { buildProgram } from '../../shared/program/build.ts';
import type { Bytes } from '../../shared/units.ts';
import type { Surroundings } from './command.ts';
import type { ModelFiles } from './model-files.ts';
import type { OptionValues } from './options.ts';
import { writeRemark } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** The most tokens a step carries: enough to keep the kernels busy, and a quarter second of a small computer. */
const MAX_STEP_TOKENS = 128;

/** Threads that read less than this for a token wait for each other longer than they save: the demo model is faster on one. */
const LEAST_BYTES_PER_THREAD: Bytes = 8e6;

const usefulThreads = (weights: Bytes): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(weights / LEAST_BYTES_PER_THREAD)));

export interface RunningModel extends AsyncDisposable {
  readonly engine: Engine;
  readonly threads: number;
  readonly stepTokens: number;
  /** Where the time went since loading, and for how many tokens. */
  profile(): Promise<{ readonly timings: readonly OpTiming[]; readonly tokens: number }>;
}

/** `files` must stay open as long as the model runs. */
export async function startModel(
  { header, model, paths, remark }: ModelFiles,
  options: Pick<OptionValues, 'device' | 'nthreads'>,
  { makeDevice, notes }: Surroundings,
): Promise<RunningModel> {
  const program = buildProgram(header);
  const threads = options.nthreads ?? usefulThreads(totalTensorBytes(header));
  const device = await makeDevice(options.device ?? 'cpu', threads);
  using bar = progressBar(`Loading ${basename(paths.model)}`, 'MB', 1e6, notes);
  const maxTokens = Math.min(MAX_STEP_TOKENS, header.seqLen);
  const loaded = await device.load(program, model, { slots: 1, maxTokens, onProgress: bar.update });
  bar.clear();
  if (remark !== undefined) writeRemark(remark, notes);
  let tokens = 0;
  const engine = createEngine(localStepper(loaded, program), {
    clock: () => performance.now(),
    // The reference device computes on this thread; without a pause Ctrl-C would not be heard.
    pause: () => setImmediate(),
    onStep: (step) => {
      tokens += step.tokens;
    },
  });
  return {
    engine,
    threads,
    stepTokens: loaded.maxTokens,
    profile: async () => ({ timings: await loaded.timings(), tokens }),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await loaded.close();
    },
  };
}
