// Brings an opened model into a device, with a progress bar, and an engine on top.

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { OpTiming } from '../../shared/device/device.ts';
import { createEngine, type Engine } from '../../shared/engine/engine.ts';
import { localStepper, type Stepper } from '../../shared/engine/stepper.ts';
import { totalTensorBytes } from '../../shared/model/tensor-list.ts';
import { buildProgram } from '../../shared/program/build.ts';
import type { Bytes } from '../../shared/units.ts';
import type { ModelSurroundings } from './command.ts';
import { assertMemory, type ModelFiles } from './model-files.ts';
import type { ClusterFigures } from './open-cluster.ts';
import { writeRemark } from './output.ts';
import { progressBar } from './progress-bar.ts';
import { assertAlone, leads, type RootOptions } from './root-options.ts';

/** The most tokens a step carries: enough to keep the kernels busy, and a quarter second of a small computer. */
const MAX_STEP_TOKENS = 128;

/** Threads that read less than this for a token wait for each other longer than they save: the demo model is faster on one. */
const LEAST_BYTES_PER_THREAD: Bytes = 8e6;

export const usefulThreads = (weights: Bytes): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(weights / LEAST_BYTES_PER_THREAD)));

export interface RunningModel extends AsyncDisposable {
  /** Lets nodes that came or went take effect; to be awaited between requests. */
  settle(): Promise<void>;
  /** What the nodes have counted since the last time; undefined where there is one only. */
  network(): Promise<ClusterFigures | undefined>;
  readonly engine: Engine;
  readonly threads: number;
  readonly stepTokens: number;
  /** Where the time went since loading, and for how many tokens. */
  profile(): Promise<{ readonly timings: readonly OpTiming[]; readonly tokens: number }>;
}

/** `files` must stay open as long as the model runs. */
export async function startModel(
  files: ModelFiles,
  options: RootOptions,
  surroundings: ModelSurroundings,
): Promise<RunningModel> {
  if (leads(options)) return startOnCluster(files, options, surroundings);
  assertAlone(options);
  assertMemory(files.header, files.model.source.size);
  const { header, model, paths, remark } = files;
  const { makeDevice, notes } = surroundings;
  const program = buildProgram(header);
  const threads = options.nthreads ?? usefulThreads(totalTensorBytes(header));
  const device = await makeDevice(options.device ?? 'cpu', threads);
  using bar = progressBar(`Loading ${basename(paths.model)}`, 'MB', 1e6, notes);
  const maxTokens = Math.min(MAX_STEP_TOKENS, header.seqLen);
  const onProgress = (done: Bytes, total: Bytes): void => {
    bar.update(done, total);
    surroundings.onLoading?.(done / total);
  };
  const loaded = await device.load(program, model, { slots: options.slots ?? 1, maxTokens, onProgress });
  bar.clear();
  if (remark !== undefined) writeRemark(remark, notes);
  const { engine, tokens } = startEngine(localStepper(loaded, program));
  return {
    engine,
    threads,
    stepTokens: loaded.maxTokens,
    settle: async () => {},
    network: async () => undefined,
    profile: async () => ({ timings: await loaded.timings(), tokens: tokens() }),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await loaded.close();
    },
  };
}

async function startOnCluster(
  files: ModelFiles,
  options: RootOptions,
  surroundings: ModelSurroundings,
): Promise<RunningModel> {
  const { startCluster } = await import('./open-cluster.ts');
  const stepTokens = Math.min(MAX_STEP_TOKENS, files.header.seqLen);
  const running = await startCluster(files, options, stepTokens, surroundings);
  if (files.remark !== undefined) writeRemark(files.remark, surroundings.notes);
  const { cluster, threads } = running;
  const { engine, tokens } = startEngine(cluster);
  return {
    engine,
    threads,
    stepTokens,
    settle: () => cluster.settle(),
    network: () => running.figures(),
    profile: async () => ({ timings: await cluster.timings(), tokens: tokens() }),
    async [Symbol.asyncDispose]() {
      await engine.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

function startEngine(stepper: Stepper): { engine: Engine; tokens: () => number } {
  let tokens = 0;
  const engine = createEngine(stepper, {
    clock: () => performance.now(),
    // Steps compute on this thread; without a pause Ctrl-C would not be heard.
    pause: () => setImmediate(),
    onStep: (step) => {
      tokens += step.tokens;
    },
  });
  return { engine, tokens: () => tokens };
}
