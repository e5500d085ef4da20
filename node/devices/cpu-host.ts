// The cpu device's threads on Node: one worker each. Knows where the compiled kernels lie.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { cpuDevice, type ThreadHandle } from '../../shared/device/cpu/cpu-device.ts';
import type { FromThread } from '../../shared/device/cpu/messages.ts';
import type { Device } from '../../shared/device/device.ts';

const KERNELS = new URL('../../shaders/wasm/', import.meta.url);

/** About 100 µs: longer than threads of a step wait for each other where each has a core. */
const SPINS = 20_000;

export async function nodeCpuDevice(threads: number): Promise<Device> {
  const [relaxed, plain] = await Promise.all(['relaxed.wasm', 'plain.wasm'].map((name) => readFile(new URL(name, KERNELS))));
  const spins = threads > availableParallelism() ? 0 : SPINS;
  return cpuDevice({ kernels: { relaxed, plain }, threads, spins, startThread });
}

function startThread(): ThreadHandle {
  const worker = new Worker(new URL('cpu-thread.ts', import.meta.url));
  return {
    post: (message) => worker.postMessage(message),
    receive: (handler) => void worker.on('message', (message: FromThread) => handler(message)),
    onDeath: (handler) => void worker.on('error', (error) => handler(error as Error)),
    end: async () => void (await worker.terminate()),
  };
}
