// One thread of the cpu device: its own memory, its rows of every matrix, its heads' cache. It runs segments, and meets
// the other threads at barriers. Knows no messages, and no files but the one that it loads from.

import { cutRange } from '../../layout/slice.ts';
import type { ByteSource } from '../../model/byte-source.ts';
import type { Bytes, Milliseconds } from '../../units.ts';
import type { Candidates, OpTiming, Step } from '../device.ts';
import { stepTokens } from '../step.ts';
import type { Barrier } from './barrier.ts';
import { Exchange } from './exchange.ts';
import { instantiate, kernelMemory, PAGE_BYTES } from './kernels.ts';
import { loadWeights } from './load-weights.ts';
import { mapMemory, NoMemoryError } from './memory-map.ts';
import type { LoadMessage } from './messages.ts';
import type { Pauses } from './pauses.ts';
import { type Batch, type CompiledInstruction, compile } from './thread-ops.ts';
import { planShares, planThread } from './thread-plan.ts';
import { Trials } from './trials.ts';

/** From how many tokens a thread on, threads take whole tokens each instead of repeating norms for all. */
const MANY_TOKENS_PER_THREAD = 2;

interface CompiledSegment {
  readonly few: readonly CompiledInstruction[];
  readonly many: readonly CompiledInstruction[];
}

export class Thread {
  private readonly message: LoadMessage;
  private readonly segments: readonly CompiledSegment[];
  private readonly now: () => Milliseconds;
  private readonly times = new Map<CompiledInstruction['name'], { calls: number; totalMs: Milliseconds }>();
  private batch: Batch | undefined;
  private step: Step | undefined;

  private constructor(message: LoadMessage, segments: readonly CompiledSegment[], now: () => Milliseconds) {
    this.message = message;
    this.segments = segments;
    this.now = now;
  }

  static async load(
    message: LoadMessage,
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
    const exchange = new Exchange({ ...message, shares, map, memory: buffer });
    const ropeTable = { batch: undefined, frequencies: undefined };
    const { wideTiles } = message;
    const streams = new Trials(now);
    const context = { program, shares, thread, map, kernels, wideTiles, memory: buffer, exchange, streams, ropeTable };
    const segments = plans.map(({ few, many }) => ({
      few: few.instructions.map((instruction) => compile(context, instruction)),
      many: many.instructions.map((instruction) => compile(context, instruction)),
    }));
    return new Thread(message, segments, now);
  }

  /** Runs a segment of `step`; segments of one step must be given the same object. Blocks at barriers. */
  run(step: Step, segment: number, barrier: Barrier): readonly Candidates[] {
    const { instructions, batch } = this.prepare(step, segment);
    let before = this.now();
    for (const { name, run, collect } of instructions) {
      run(batch);
      if (collect) {
        barrier.wait();
        collect(batch);
      }
      const after = this.now();
      this.record(name, after - before);
      before = after;
    }
    return batch.candidates;
  }

  /** Like `run`, but lets the calling thread do other things now and then, also while it waits. */
  async runWithPauses(step: Step, segment: number, barrier: Barrier, pauses: Pauses): Promise<readonly Candidates[]> {
    const { instructions, batch } = this.prepare(step, segment);
    let before = this.now();
    for (const { name, run, collect } of instructions) {
      run(batch);
      if (collect) {
        const ticket = barrier.arrive();
        while (!barrier.passed(ticket, pauses.afterMs)) await pauses.pause();
        collect(batch);
      }
      let after = this.now();
      this.record(name, after - before);
      if (pauses.isDue(after)) {
        await pauses.pause();
        after = this.now();
      }
      before = after;
    }
    return batch.candidates;
  }

  private prepare(step: Step, segment: number): { instructions: readonly CompiledInstruction[]; batch: Batch } {
    const isFirst = step !== this.step || segment === 0 || !this.batch;
    const batch = isFirst ? this.makeBatch(step) : (this.batch as Batch);
    this.batch = batch;
    this.step = step;
    const { few, many } = this.segments[segment];
    const takesMany = batch.tokens.length >= MANY_TOKENS_PER_THREAD * this.message.threads;
    return { instructions: takesMany ? many : few, batch };
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
