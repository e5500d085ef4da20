// The cpu device's threads on Node: one worker each. Knows where the compiled kernels lie.

import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { cpuDevice, type ThreadHandle } from '../../shared/device/cpu/cpu-device.ts';
import type { KernelBuilds } from '../../shared/device/cpu/kernels.ts';
import type { FromThread } from '../../shared/device/cpu/messages.ts';
import type { Device } from '../../shared/device/device.ts';
import { CPU_THREAD } from './cpu-thread.ts';
import { JOINS_VECTORS } from './join-vectors.js';

const KERNELS = new URL('../../shaders/wasm/', import.meta.url);

/** About 100 µs: longer than threads of a step wait for each other where each has a core. */
const SPINS = 20_000;

/** arm64 has 32 vector registers, x64 with joined vectors has 16 of twice the width. */
const WIDE_TILES = JOINS_VECTORS || process.arch === 'arm64';

/** Other `kernels` and another `start` are for tests. */
export async function nodeCpuDevice(
  threads: number,
  kernels?: KernelBuilds,
  start: () => Worker = startWorker,
): Promise<Device> {
  flushCompileCache();
  const spins = threads > availableParallelism() ? 0 : SPINS;
  return cpuDevice({
    kernels: kernels ?? (await readKernels()),
    threads,
    spins,
    wideTiles: WIDE_TILES,
    now: () => performance.now(),
    pause: () => setImmediate(),
    startThread: () => handleOf(start()),
  });
}

export async function readKernels(): Promise<KernelBuilds> {
  const [relaxed, plain] = await Promise.all(
    ['relaxed.wasm', 'plain.wasm'].map((name) => readFile(new URL(name, KERNELS))),
  );
  return { relaxed, plain };
}

/** Imported here as well, so that threads find it compiled: a compiler in each would take 12 MB a thread. */
const startWorker = (): Worker => new Worker(new URL('cpu-thread.ts', import.meta.url), { workerData: CPU_THREAD });

function handleOf(worker: Worker): ThreadHandle {
  return {
    post: (message) => worker.postMessage(message),
    receive: (handler) => void worker.on('message', (message: FromThread) => handler(message)),
    onDeath(handler) {
      worker.on('error', (error) => handler(error as Error));
      // Not every death is an error: a worker may be ended from within.
      worker.on('exit', (code) => handler(new Error(`it ended with code ${code}`)));
    },
    end: async () => void (await worker.terminate()),
  };
}
