// How fast this machine's threads can read memory at all: what decoding is limited by. A plain loop over more memory
// than any cache, in the same WASM SIMD that the kernels are written in: one stream, as anyone would write it, and
// eight side by side, the most that was found to help.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import asc from 'assemblyscript/asc';

const SOURCE = `
export function read(at: usize, bytes: usize, streams: usize): i32 {
  let a = i32x4.splat(0), b = a;
  const part = bytes / streams;
  for (const end = at + part; at < end; at += 128) {
    let p = at;
    for (let stream: usize = 0; stream < streams; stream++, p += part) {
      a = v128.xor(a, v128.load(p));
      b = v128.xor(b, v128.load(p, 16));
      a = v128.xor(a, v128.load(p, 32));
      b = v128.xor(b, v128.load(p, 48));
      a = v128.xor(a, v128.load(p, 64));
      b = v128.xor(b, v128.load(p, 80));
      a = v128.xor(a, v128.load(p, 96));
      b = v128.xor(b, v128.load(p, 112));
    }
  }
  return i32x4.extract_lane(v128.xor(a, b), 0);
}`;
const BYTES = 256 * 2 ** 20;
const PASSES = 6;

export interface ReadSpeed {
  /** GB/s of all threads together. */
  readonly oneStream: number;
  readonly eightStreams: number;
}

export async function measureReading(threads: number): Promise<ReadSpeed> {
  const { binary } = await asc.compileString(SOURCE, {
    optimizeLevel: 3,
    noAssert: true,
    runtime: 'stub',
    importMemory: true,
    enable: ['simd'],
  });
  const control = new SharedArrayBuffer(4);
  const speeds = await Promise.all(
    Array.from({ length: threads }, () => runReader({ binary: binary as Uint8Array, control, threads })),
  );
  const sum = (pick: (speed: ReadSpeed) => number) => speeds.reduce((total, speed) => total + pick(speed), 0);
  return { oneStream: sum((speed) => speed.oneStream), eightStreams: sum((speed) => speed.eightStreams) };
}

interface ReaderData {
  readonly binary: Uint8Array;
  readonly control: SharedArrayBuffer;
  readonly threads: number;
}

function runReader(data: ReaderData): Promise<ReadSpeed> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function readInThread({ binary, control, threads }: ReaderData): void {
  const memory = new WebAssembly.Memory({ initial: BYTES / 65536 + 1 });
  const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  const { read } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    read(at: number, bytes: number, streams: number): number;
  };
  const words = new Uint32Array(memory.buffer);
  for (let i = 0; i < words.length; i++) words[i] = i;
  const arrived = new Int32Array(control);
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < threads) {} // all begin together
  const best = (streams: number): number => {
    let ms = Number.POSITIVE_INFINITY;
    for (let pass = 0; pass < PASSES; pass++) {
      const start = performance.now();
      read(65536, BYTES, streams);
      ms = Math.min(ms, performance.now() - start);
    }
    return BYTES / ms / 1e6;
  };
  parentPort?.postMessage({ oneStream: best(1), eightStreams: best(8) } satisfies ReadSpeed);
}

if (!isMainThread) readInThread(workerData as ReaderData);
