// The cpu device: WASM SIMD kernels on threads, each with its own rows of the weights. It hands out work and gathers
// answers; how threads are made is the host's business.

import type { ByteSource } from '../../model/byte-source.ts';
import { MissingTensorError } from '../../model/model-errors.ts';
import { type Program, programWeights, type Segment } from '../../program/program.ts';
import type { Bytes, Milliseconds } from '../../units.ts';
import type {
  Candidates,
  Device,
  LoadedProgram,
  LoadOptions,
  OpTiming,
  SegmentResult,
  Step,
  WeightFile,
} from '../device.ts';
import { assertStep, ClosedProgramError, checkedSegment, stepTokens } from '../step.ts';
import { mergeCandidates } from '../top-k.ts';
import { BARRIER_BYTES, Barrier } from './barrier.ts';
import { boardHalfBytes } from './exchange.ts';
import { fromFailure, ThreadDeathError, toFailure } from './failure.ts';
import { assertShapes } from './kernel-limits.ts';
import { chooseKernels, type KernelBuilds } from './kernels.ts';
import { bytesToLoad } from './load-weights.ts';
import type { FromThread, Port, ToThread } from './messages.ts';

/** A thread as its host hands it over: a port to `serveThread`, and its end. */
export interface ThreadHandle extends Port<ToThread, FromThread> {
  /** Called when the thread has died or ended, perhaps more than once. */
  onDeath(handler: (error: Error) => void): void;
  end(): Promise<void>;
}

export interface CpuHost {
  readonly kernels: KernelBuilds;
  readonly threads: number;
  /** Turns to spin at a barrier before sleeping; 0 where threads outnumber cores. */
  readonly spins: number;
  /** Whether the engine has registers for tiles of sixteen rows: 32 of them, or twice as wide as WASM's vectors. */
  readonly wideTiles: boolean;
  startThread(): ThreadHandle;
}

export function cpuDevice(host: CpuHost): Device {
  const { module, build } = chooseKernels(host.kernels);
  return {
    name: build === 'relaxed' ? 'cpu' : 'cpu (without relaxed SIMD)',
    load: (program, weights, options) => LoadedOnThreads.load(host, module, program, weights, options),
  };
}

type Answer = Extract<FromThread, { type: 'loaded' | 'done' | 'timings' }>;

/** One thread, seen from the device: at most one question is open at a time. */
class ThreadClient {
  private readonly handle: ThreadHandle;
  private waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  private death: Error | undefined;

  /** `onDeath` must free the threads that wait for this one. */
  constructor(handle: ThreadHandle, source: ByteSource, onProgress: (bytes: Bytes) => void, onDeath: () => void) {
    this.handle = handle;
    handle.onDeath((error) => {
      this.fail(new ThreadDeathError(error));
      onDeath();
    });
    handle.receive((message) => {
      switch (message.type) {
        case 'progress':
          return onProgress(message.loaded);
        case 'read':
          this.read(source, message.request, message.offset, message.length);
          return;
        case 'failed': {
          const error = fromFailure(message.failure);
          return this.fail(message.consequence ? new ConsequentError(error) : error);
        }
        default:
          this.waiting?.resolve(message);
          this.waiting = undefined;
      }
    });
  }

  ask<Type extends Answer['type']>(message: ToThread): Promise<Extract<Answer, { type: Type }>> {
    if (this.death) return Promise.reject(this.death);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve: (answer) => resolve(answer as Extract<Answer, { type: Type }>), reject };
      this.handle.post(message);
    });
  }

  private fail(error: Error): void {
    this.death ??= error;
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  private read(source: ByteSource, request: number, offset: Bytes, length: Bytes): void {
    const bytes = new Uint8Array(length);
    source.readInto(offset, bytes).then(
      () => this.handle.post({ type: 'bytes', request, bytes }),
      (error) => this.handle.post({ type: 'no-bytes', request, failure: toFailure(error) }),
    );
  }

  end(): Promise<void> {
    this.fail(new ClosedProgramError());
    return this.handle.end();
  }
}

/** A thread failed only because another did. */
class ConsequentError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

class LoadedOnThreads implements LoadedProgram {
  readonly maxTokens: number;
  readonly slots: number;
  private readonly program: Program;
  private readonly threads: readonly ThreadClient[];
  private readonly entrance: Float32Array<SharedArrayBuffer>;
  private readonly exit: Float32Array<SharedArrayBuffer>;
  private closed = false;
  private lastStep: Step | undefined;
  private stepNumber = 0;
  /** Settles with the last call. */
  private turn: Promise<void> = Promise.resolve();

  private constructor(
    program: Program,
    threads: readonly ThreadClient[],
    entrance: SharedArrayBuffer,
    exit: SharedArrayBuffer,
    options: LoadOptions,
  ) {
    this.program = program;
    this.threads = threads;
    this.entrance = new Float32Array(entrance);
    this.exit = new Float32Array(exit);
    this.maxTokens = options.maxTokens;
    this.slots = options.slots;
  }

  static async load(
    host: CpuHost,
    kernels: WebAssembly.Module,
    program: Program,
    { source, tensors }: WeightFile,
    options: LoadOptions,
  ): Promise<LoadedProgram> {
    const { threads, spins, wideTiles } = host;
    const { slots, maxTokens, onProgress } = options;
    assertShapes(program);
    for (const { tensor, type } of programWeights(program)) {
      if (tensors.get(tensor)?.type !== type) throw new MissingTensorError(source.name, tensor);
    }
    const total = bytesToLoad(program);
    let loaded = 0;
    const report = (bytes: Bytes): void => {
      // Key-value heads at the border of two threads are loaded by both.
      loaded = Math.min(loaded + bytes, total);
      onProgress?.(loaded, total);
    };
    const control = new SharedArrayBuffer(BARRIER_BYTES);
    const board = new SharedArrayBuffer(2 * boardHalfBytes(program, maxTokens));
    const entrance = new SharedArrayBuffer(maxTokens * widest(program, ({ input }) => input) * 4);
    const exit = new SharedArrayBuffer(maxTokens * widest(program, ({ output }) => output) * 4);
    const barrier = new Barrier(control, threads, spins);
    const clients: ThreadClient[] = [];
    const common = { type: 'load', kernels, program, tensors, threads, spins, wideTiles, slots, maxTokens } as const;
    const shared = { control, board, entrance, exit, location: source.location, sourceName: source.name };
    try {
      while (clients.length < threads) {
        clients.push(new ThreadClient(host.startThread(), source, report, () => barrier.break()));
      }
      // The first failure ends it: the others may have gigabytes to read.
      await Promise.all(
        clients.map((client, thread) =>
          client.ask<'loaded'>({ ...common, ...shared, sourceSize: source.size, thread }),
        ),
      );
    } catch (error) {
      await Promise.all(clients.map((client) => client.end()));
      throw error;
    }
    return new LoadedOnThreads(program, clients, entrance, exit, options);
  }

  async run(step: Step, segment: number, input?: Float32Array): Promise<SegmentResult> {
    if (this.closed) throw new ClosedProgramError();
    const { vocabSize, cache, buffers } = this.program;
    assertStep(step, { slots: this.slots, maxTokens: this.maxTokens, seqLen: cache.seqLen, vocabSize });
    const { output } = checkedSegment(this.program, segment, step, input);
    return this.inTurn(async () => {
      if (input) this.entrance.set(input);
      if (step !== this.lastStep) this.stepNumber++;
      this.lastStep = step;
      const message = { type: 'run', step, stepNumber: this.stepNumber, segment } as const;
      const answers = await all(this.threads.map((thread) => thread.ask<'done'>(message)));
      return {
        output: output === undefined ? undefined : this.exit.slice(0, stepTokens(step) * buffers[output].width),
        candidates: this.merge(
          step,
          answers.map(({ candidates }) => candidates),
        ),
      };
    });
  }

  /** Calls that overlap all the same wait for each other: a thread takes one question at a time. */
  private inTurn<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.turn.then(call);
    this.turn = answer.then(
      () => {},
      () => {},
    );
    return answer;
  }

  private merge(step: Step, parts: readonly (readonly Candidates[])[]): Candidates[] {
    if (parts[0].length === 0) return [];
    const requests = step.runs.flatMap((run) => run.wanted);
    return requests.map((request, i) =>
      parts.length === 1
        ? parts[0][i]
        : mergeCandidates(
            parts.map((part) => part[i]),
            request,
          ),
    );
  }

  async timings(): Promise<readonly OpTiming[]> {
    const answers = await this.inTurn(() =>
      all(this.threads.map((thread) => thread.ask<'timings'>({ type: 'timings' }))),
    );
    const sums = new Map<OpTiming['op'], { calls: number; totalMs: Milliseconds }>();
    for (const { op, calls, totalMs } of answers.flatMap(({ timings }) => timings)) {
      const sum = sums.get(op);
      sums.set(op, { calls, totalMs: (sum?.totalMs ?? 0) + totalMs });
    }
    return Array.from(sums, ([op, { calls, totalMs }]) => ({ op, calls, totalMs: totalMs / this.threads.length })).sort(
      (a, b) => b.totalMs - a.totalMs,
    );
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all(this.threads.map((thread) => thread.end()));
  }
}

/** The width of the widest buffer of those that `pick` names in each segment; 0 if it names none. */
function widest(program: Program, pick: (segment: Segment) => string | undefined): number {
  const names = program.segments.map(pick).filter((name) => name !== undefined);
  return Math.max(0, ...names.map((name) => program.buffers[name].width));
}

/** Waits for all, then throws the error that came first of its own accord. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (errors.length > 0) throw errors.find((error) => !(error instanceof ConsequentError)) ?? errors[0];
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
