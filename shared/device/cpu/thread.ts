// One thread of the cpu device: its own memory, its rows of every matrix, its heads' cache. It is told to load, then to
// run segments, by messages; it meets the other threads at barriers. Knows no files: the entry that starts it may
// offer a way to open them.

import { cutRange } from '../../layout/slice.ts';
import type { ByteSource } from '../../model/byte-source.ts';
import type { Bytes, Milliseconds } from '../../units.ts';
import type { Candidates, OpTiming, Step } from '../device.ts';
import { stepTokens } from '../step.ts';
import { Barrier, BrokenBarrierError } from './barrier.ts';
import { Exchange } from './exchange.ts';
import { fromFailure, toFailure } from './failure.ts';
import { instantiate, kernelMemory, PAGE_BYTES } from './kernels.ts';
import { loadWeights } from './load-weights.ts';
import { mapMemory, NoMemoryError } from './memory-map.ts';
import type { Failure, FromThread, LoadMessage, Port, RunMessage, ToThread } from './messages.ts';
import { type Batch, type CompiledInstruction, compile } from './thread-ops.ts';
import { planShares, planThread } from './thread-plan.ts';

export interface ThreadEnvironment {
  readonly now: () => Milliseconds;
  /** Opens what ByteSource.location names; left out where threads cannot open anything. */
  readonly open?: (location: unknown) => Promise<ByteSource>;
}

/** Serves a device over `port` until the thread is ended. */
export function serveThread(port: Port<FromThread, ToThread>, environment: ThreadEnvironment): void {
  const remote = new RemoteReads(port);
  let thread: Thread | undefined;
  let barrier: Barrier | undefined;
  const fail = (error: unknown): void => {
    barrier?.break();
    port.post({ type: 'failed', failure: toFailure(error), consequence: error instanceof BrokenBarrierError });
  };
  const load = async (message: LoadMessage): Promise<void> => {
    barrier = new Barrier(message.control, message.threads, message.spins);
    const opened =
      message.location !== undefined && environment.open ? await environment.open(message.location) : undefined;
    const source = opened ?? remote.source(message.sourceName, message.sourceSize);
    try {
      thread = await Thread.load(message, barrier, source, environment.now, (loaded) =>
        port.post({ type: 'progress', loaded }),
      );
    } finally {
      await opened?.close();
    }
    port.post({ type: 'loaded' });
  };
  port.receive((message) => {
    switch (message.type) {
      case 'load':
        load(message).catch(fail);
        return;
      case 'bytes':
        return remote.arrived(message.request, message.bytes);
      case 'no-bytes':
        return remote.refused(message.request, message.failure);
      case 'timings':
        return port.post({ type: 'timings', timings: thread?.timings() ?? [] });
      case 'run':
        try {
          port.post({ type: 'done', candidates: (thread as Thread).run(message) });
        } catch (error) {
          fail(error);
        }
    }
  });
}

/** From how many tokens a thread on, threads take whole tokens each instead of repeating norms for all. */
const MANY_TOKENS_PER_THREAD = 2;

interface CompiledSegment {
  readonly few: readonly CompiledInstruction[];
  readonly many: readonly CompiledInstruction[];
}

class Thread {
  private readonly message: LoadMessage;
  private readonly segments: readonly CompiledSegment[];
  private readonly now: () => Milliseconds;
  private readonly times = new Map<CompiledInstruction['name'], { calls: number; totalMs: Milliseconds }>();
  private batch: Batch | undefined;
  private stepNumber = -1;

  private constructor(message: LoadMessage, segments: readonly CompiledSegment[], now: () => Milliseconds) {
    this.message = message;
    this.segments = segments;
    this.now = now;
  }

  static async load(
    message: LoadMessage,
    barrier: Barrier,
    source: ByteSource,
    now: () => Milliseconds,
    onProgress: (bytes: number) => void,
  ): Promise<Thread> {
    const { program, thread, threads } = message;
    const shares = planShares(program, threads);
    const plans = program.segments.map((segment) => ({
      few: planThread(program, segment, threads, false),
      many: planThread(program, segment, threads, true),
    }));
    const memory = kernelMemory(1);
    const kernels = instantiate(message.kernels, memory);
    const map = mapMemory(
      program,
      shares,
      plans.flatMap(({ few, many }) => [few, many]),
      { thread, slots: message.slots, maxTokens: message.maxTokens, base: kernels.heapBase() },
    );
    grow(memory, map.size);
    const bytes = new Uint8Array(memory.buffer);
    await loadWeights({
      program,
      shares,
      thread,
      map,
      tensors: message.tensors,
      source,
      kernels,
      memory: bytes,
      onProgress,
    });
    const { buffer } = memory;
    const exchange = new Exchange({ ...message, shares, map, memory: buffer, barrier });
    const ropeTable = { batch: undefined, frequencies: undefined };
    const { wideTiles } = message;
    const context = { program, shares, thread, map, kernels, wideTiles, memory: buffer, exchange, ropeTable };
    const segments = plans.map(({ few, many }) => ({
      few: few.instructions.map((instruction) => compile(context, instruction)),
      many: many.instructions.map((instruction) => compile(context, instruction)),
    }));
    return new Thread(message, segments, now);
  }

  /** Segments of one step, which have one number, share a batch and what was computed for it. */
  run({ step, stepNumber, segment }: RunMessage): readonly Candidates[] {
    const batch = this.batch && segment > 0 && stepNumber === this.stepNumber ? this.batch : this.makeBatch(step);
    this.batch = batch;
    this.stepNumber = stepNumber;
    const compiled = this.segments[segment];
    const many = batch.tokens.length >= MANY_TOKENS_PER_THREAD * this.message.threads;
    let before = this.now();
    for (const { name, run } of many ? compiled.many : compiled.few) {
      run(batch);
      const after = this.now();
      this.record(name, after - before);
      before = after;
    }
    return batch.candidates;
  }

  private record(name: CompiledInstruction['name'], ms: Milliseconds): void {
    const time = this.times.get(name);
    if (time) {
      time.calls++;
      time.totalMs += ms;
    } else {
      this.times.set(name, { calls: 1, totalMs: ms });
    }
  }

  private makeBatch(step: Step): Batch {
    const { threads, thread } = this.message;
    const count = stepTokens(step);
    const tokens = new Int32Array(count);
    const positions = new Int32Array(count);
    const picked: number[] = [];
    let row = 0;
    for (const run of step.runs) {
      const firstWanted = run.tokens.length - run.wanted.length;
      run.tokens.forEach((token, i) => {
        tokens[row] = token;
        positions[row] = run.position + i;
        if (i >= firstWanted) picked.push(row);
        row++;
      });
    }
    return {
      runs: step.runs,
      tokens,
      positions,
      own: cutRange(count, new Array<number>(threads).fill(1))[thread],
      picked: Int32Array.from(picked),
      requests: step.runs.flatMap((run) => run.wanted),
      rows: count,
      candidates: [],
    };
  }

  timings(): OpTiming[] {
    return Array.from(this.times, ([op, { calls, totalMs }]) => ({ op, calls, totalMs }));
  }
}

/** Makes room for `bytes` in addition to what there is. */
function grow(memory: WebAssembly.Memory, bytes: Bytes): void {
  try {
    memory.grow(Math.ceil(bytes / PAGE_BYTES));
  } catch (cause) {
    throw new NoMemoryError(bytes, cause);
  }
}

/** Reads through the device, for threads that cannot open the source themselves. */
class RemoteReads {
  private readonly port: Port<FromThread, ToThread>;
  private readonly waiting = new Map<
    number,
    { target: Uint8Array; resolve: () => void; reject: (error: Error) => void }
  >();
  private requests = 0;

  constructor(port: Port<FromThread, ToThread>) {
    this.port = port;
  }

  source(name: string, size: number): ByteSource {
    return {
      name,
      size,
      readInto: (offset, target) =>
        new Promise((resolve, reject) => {
          const request = this.requests++;
          this.waiting.set(request, { target, resolve, reject });
          this.port.post({ type: 'read', request, offset, length: target.length });
        }),
      close: async () => {},
    };
  }

  arrived(request: number, bytes: Uint8Array): void {
    const read = this.waiting.get(request);
    this.waiting.delete(request);
    read?.target.set(bytes);
    read?.resolve();
  }

  refused(request: number, failure: Failure): void {
    const read = this.waiting.get(request);
    this.waiting.delete(request);
    read?.reject(fromFailure(failure));
  }
}
