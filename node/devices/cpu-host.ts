// The cpu device's threads on Node: one worker each. Knows where the compiled kernels lie.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { cpuDevice, type ThreadHandle } from '../../shared/device/cpu/cpu-device.ts';
import type { KernelBuilds } from '../../shared/device/cpu/kernels.ts';
import type { FromThread } from '../../shared/device/cpu/messages.ts';
import type { Device } from '../../shared/device/device.ts';

const KERNELS = new URL('../../shaders/wasm/', import.meta.url);

/** About 100 µs: longer than threads of a step wait for each other where each has a core. */
const SPINS = 20_000;

// V8 can join pairs of WASM's 128-bit operations into AVX2's 256-bit ones, which makes matmuls 1.2 to 1.6 times as fast.
// An engine that does not know the flag complains on standard error, so only versions that do are given it: those of
// Node 24 to 26. The device contract runs with the code that comes of it (cpu-device.optimised.test.ts).
const JOINS_VECTORS = process.arch === 'x64' && /^1[34]\./.test(process.versions.v8);
if (JOINS_VECTORS) setFlagsFromString('--experimental-wasm-revectorize');

/** arm64 has 32 vector registers, x64 with joined vectors has 16 of twice the width. */
const WIDE_TILES = JOINS_VECTORS || process.arch === 'arm64';

/** Other `kernels` and another `start` are for tests. */
export async function nodeCpuDevice(
  threads: number,
  kernels?: KernelBuilds,
  start: () => Worker = startWorker,
): Promise<Device> {
  const spins = threads > availableParallelism() ? 0 : SPINS;
  return cpuDevice({
    kernels: kernels ?? (await readKernels()),
    threads,
    spins,
    wideTiles: WIDE_TILES,
    startThread: () => handleOf(start()),
  });
}

export async function readKernels(): Promise<KernelBuilds> {
  const [relaxed, plain] = await Promise.all(
    ['relaxed.wasm', 'plain.wasm'].map((name) => readFile(new URL(name, KERNELS))),
  );
  return { relaxed, plain };
}

const startWorker = (): Worker => new Worker(new URL('cpu-thread.ts', import.meta.url));

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
