// The cpu device: WASM SIMD kernels on threads, each with its own rows of the weights. The caller's thread is the first of
// them; it sets the others to work through shared memory and gathers answers. How threads are made is the host's business.

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
import { assertStep, ClosedProgramError, checkedSegment, InvalidStepError, stepTokens } from '../step.ts';
import { mergeAnswers } from '../top-k.ts';
import { candidatesFromWords, stepToWords } from '../words.ts';
import { Barrier, BrokenBarrierError } from './barrier.ts';
import { boardHalfBytes } from './exchange.ts';
import { fromFailure, ThreadDeathError, toFailure } from './failure.ts';
import { CONTROL_BYTES, Gate } from './gate.ts';
import { assertShapes } from './kernel-limits.ts';
import { chooseKernels, type KernelBuilds } from './kernels.ts';
import { bytesToLoad } from './load-weights.ts';
import { BY_MESSAGE, type FromThread, type LoadMessage, type Port, type ToThread } from './messages.ts';
import { Pauses } from './pauses.ts';
import { Thread } from './thread.ts';

/** A thread as its host hands it over: a port to `serveThread`, and its end. */
export interface ThreadHandle extends Port<ToThread, FromThread> {
  /** Called when the thread has died or ended, perhaps more than once. */
  onDeath(handler: (error: Error) => void): void;
  end(): Promise<void>;
}

export interface CpuHost {
  readonly kernels: KernelBuilds;
  /** The caller's thread is one of them. */
  readonly threads: number;
  /** Turns to spin at a barrier before sleeping; 0 where threads outnumber cores. */
  readonly spins: number;
  /** Whether the engine has registers for tiles of sixteen rows: 32 of them, or twice as wide as WASM's vectors. */
  readonly wideTiles: boolean;
  readonly now: () => Milliseconds;
  /** Gives timers and sockets of the calling thread their turn. */
  readonly pause: () => Promise<void>;
  startThread(): ThreadHandle;
}

export function cpuDevice(host: CpuHost): Device {
  const { module, build } = chooseKernels(host.kernels);
  return {
    name: build === 'relaxed' ? 'cpu' : 'cpu (without relaxed SIMD)',
    load: (program, weights, options) => LoadedOnThreads.load(host, module, program, weights, options),
  };
}

type Answer = Extract<FromThread, { type: 'loaded' | 'answer' | 'timings' }>;

/** Another thread, seen from the device: at most one question is open at a time. */
class ThreadClient {
  /** Rejects when the thread has failed of its own accord, or died. */
  readonly failure: Promise<never>;
  private readonly handle: ThreadHandle;
  private readonly arrived: Answer[] = [];
  private waiting: ((answer: Answer) => void) | undefined;
  private fail: (error: Error) => void;

  /** `onDeath` must free the threads that wait for this one. */
  constructor(handle: ThreadHandle, source: ByteSource, onProgress: (bytes: Bytes) => void, onDeath: () => void) {
    this.handle = handle;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failure = promise;
    this.failure.catch(() => {}); // who waits for the thread sees it
    this.fail = reject;
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
        case 'failed':
          if (!message.consequence) this.fail(fromFailure(message.failure));
          return;
        default:
          if (this.waiting) this.waiting(message);
          else this.arrived.push(message);
          this.waiting = undefined;
      }
    });
  }

  post(message: ToThread): void {
    this.handle.post(message);
  }

  /** The next answer, which must be of this type. */
  answer<Type extends Answer['type']>(_type: Type): Promise<Extract<Answer, { type: Type }>> {
    const next = new Promise<Answer>((resolve) => {
      const first = this.arrived.shift();
      if (first) resolve(first);
      else this.waiting = resolve;
    });
    return Promise.race([this.failure, next]) as Promise<Extract<Answer, { type: Type }>>;
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

/** Memory that all threads of a program see. */
interface SharedMemory {
  readonly control: SharedArrayBuffer;
  readonly entrance: SharedArrayBuffer;
  readonly exit: SharedArrayBuffer;
  readonly step: SharedArrayBuffer;
  /** Of each thread but the first. */
  readonly answers: readonly SharedArrayBuffer[];
}

/** Room for the longest step: what is wanted of a row names a few hundred tokens at most. */
const stepBytes = (maxTokens: number): Bytes => 65_536 + maxTokens * 4096;
/** Room for usual answers, the 128 largest logits of each token; whole rows of logits go by message. */
const answerBytes = (maxTokens: number): Bytes => 65_536 + maxTokens * 1088;

class LoadedOnThreads implements LoadedProgram {
  readonly maxTokens: number;
  readonly slots: number;
  private readonly host: CpuHost;
  private readonly program: Program;
  private readonly first: Thread;
  private readonly others: readonly ThreadClient[];
  private readonly barrier: Barrier;
  private readonly gate: Gate;
  private readonly pauses: Pauses;
  private readonly entrance: Float32Array<SharedArrayBuffer>;
  private readonly exit: Float32Array<SharedArrayBuffer>;
  private readonly stepWords: Int32Array<SharedArrayBuffer>;
  private readonly answers: readonly Int32Array<SharedArrayBuffer>[];
  private closed = false;
  private failure: unknown;
  private lastStep: Step | undefined;
  private lastStepWords = 0;
  private stepNumber = 0;
  /** Settles with the last call. */
  private turn: Promise<void> = Promise.resolve();

  private constructor(
    host: CpuHost,
    program: Program,
    first: Thread,
    others: readonly ThreadClient[],
    { control, entrance, exit, step, answers }: SharedMemory,
    options: LoadOptions,
  ) {
    this.host = host;
    this.program = program;
    this.first = first;
    this.others = others;
    this.barrier = new Barrier(control, host.threads, host.spins);
    this.gate = new Gate(control, host.spins);
    this.pauses = new Pauses(host.now, host.pause);
    this.entrance = new Float32Array(entrance);
    this.exit = new Float32Array(exit);
    this.stepWords = new Int32Array(step);
    this.answers = answers.map((answer) => new Int32Array(answer));
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
    const memory = {
      control: new SharedArrayBuffer(CONTROL_BYTES),
      entrance: new SharedArrayBuffer(maxTokens * widest(program, ({ input }) => input) * 4),
      exit: new SharedArrayBuffer(maxTokens * widest(program, ({ output }) => output) * 4),
      step: new SharedArrayBuffer(stepBytes(maxTokens)),
      answers: Array.from({ length: threads - 1 }, () => new SharedArrayBuffer(answerBytes(maxTokens))),
    };
    const board = new SharedArrayBuffer(2 * boardHalfBytes(program, maxTokens));
    const barrier = new Barrier(memory.control, threads, spins);
    const { answers, ...shared } = memory;
    const messageFor = (thread: number): LoadMessage => ({
      ...{ type: 'load', kernels, program, tensors, threads, thread, spins, wideTiles, slots, maxTokens },
      ...{ location: source.location, sourceName: source.name, sourceSize: source.size },
      ...{ ...shared, board, answer: thread === 0 ? new SharedArrayBuffer(0) : answers[thread - 1] },
    });
    const others: ThreadClient[] = [];
    try {
      while (others.length < threads - 1) {
        others.push(new ThreadClient(host.startThread(), source, report, () => barrier.break()));
      }
      for (const [i, client] of others.entries()) client.post(messageFor(i + 1));
      // The first failure ends it: the others may have gigabytes to read.
      const [first] = await Promise.all([
        Thread.load(messageFor(0), source, host.now, report),
        ...others.map((client) => client.answer('loaded')),
      ]);
      return new LoadedOnThreads(host, program, first, others, memory, options);
    } catch (error) {
      await Promise.all(others.map((client) => client.end()));
      throw error;
    }
  }

  async run(step: Step, segment: number, input?: Float32Array): Promise<SegmentResult> {
    this.assertUsable();
    const { vocabSize, cache, buffers } = this.program;
    assertStep(step, { slots: this.slots, maxTokens: this.maxTokens, seqLen: cache.seqLen, vocabSize });
    const { output } = checkedSegment(this.program, segment, step, input);
    return this.inTurn(async () => {
      if (input) this.entrance.set(input);
      this.command(step, segment);
      const candidates = await this.compute(step, segment);
      return {
        output: output === undefined ? undefined : this.exit.slice(0, stepTokens(step) * buffers[output].width),
        candidates,
      };
    });
  }

  /** Sets the other threads to work. */
  private command(step: Step, segment: number): void {
    if (this.others.length === 0) return;
    if (step !== this.lastStep) {
      const words = stepToWords(step);
      if (words.length > this.stepWords.length) {
        throw new InvalidStepError('The step asks for too much of the logits of its tokens; split it');
      }
      this.stepWords.set(words);
      this.lastStepWords = words.length;
      this.stepNumber++;
      this.lastStep = step;
    }
    this.gate.give({ segment, stepNumber: this.stepNumber, stepWords: this.lastStepWords });
  }

  /** This thread's part; then waits for the others. */
  private async compute(step: Step, segment: number): Promise<readonly Candidates[]> {
    try {
      const own = await this.first.runWithPauses(step, segment, this.barrier, this.pauses);
      const ticket = this.barrier.arrive();
      while (!this.barrier.passed(ticket, this.pauses.afterMs)) await this.pauses.pause();
      if (own.length === 0) return own;
      const parts = [own];
      for (const [i, answer] of this.answers.entries()) {
        parts.push(
          candidatesFromWords(
            answer[0] === BY_MESSAGE
              ? (await this.others[i].answer('answer')).words
              : answer.subarray(1, 1 + answer[0]),
          ),
        );
      }
      return mergeAnswers(step, parts);
    } catch (error) {
      this.barrier.break();
      this.failure ??= await this.causeOf(error);
      throw this.failure;
    }
  }

  /** A broken barrier only says that another thread failed, or that the program was closed. */
  private async causeOf(error: unknown): Promise<unknown> {
    if (!(error instanceof BrokenBarrierError)) return error;
    if (this.closed) return new ClosedProgramError();
    return Promise.race(this.others.map(({ failure }) => failure)).catch((reason: unknown) => reason);
  }

  private assertUsable(): void {
    if (this.closed) throw new ClosedProgramError();
    if (this.failure !== undefined) throw this.failure;
  }

  /** Calls that overlap all the same wait for each other: there is one board to compute on. */
  private inTurn<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.turn.then(() => {
      this.assertUsable();
      return call();
    });
    this.turn = answer.then(
      () => {},
      () => {},
    );
    return answer;
  }

  async timings(): Promise<readonly OpTiming[]> {
    this.assertUsable();
    const timings = await this.inTurn(async () => {
      this.gate.listen();
      for (const thread of this.others) thread.post({ type: 'timings' });
      const answers = await Promise.all(this.others.map((thread) => thread.answer('timings')));
      return [this.first.timings(), ...answers.map((answer) => answer.timings)].flat();
    });
    const sums = new Map<OpTiming['op'], { calls: number; totalMs: Milliseconds }>();
    for (const { op, calls, totalMs } of timings) {
      const sum = sums.get(op);
      sums.set(op, { calls, totalMs: (sum?.totalMs ?? 0) + totalMs });
    }
    return Array.from(sums, ([op, { calls, totalMs }]) => ({ op, calls, totalMs: totalMs / this.host.threads })).sort(
      (a, b) => b.totalMs - a.totalMs,
    );
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.barrier.break();
    await Promise.all(this.others.map((thread) => thread.end()));
  }
}

/** The width of the widest buffer of those that `pick` names in each segment; 0 if it names none. */
function widest(program: Program, pick: (segment: Segment) => string | undefined): number {
  const names = program.segments.map(pick).filter((name) => name !== undefined);
  return Math.max(0, ...names.map((name) => program.buffers[name].width));
}
