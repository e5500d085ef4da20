// The slow obvious device: one plain loop an op, in double precision, on one thread. The other devices are compared
// with it. It knows how to run a program; each op's arithmetic is in the file of its name.

import type { OpName, Program } from '../../program/program.ts';
import type { Milliseconds } from '../../units.ts';
import type { Device, LoadedProgram, LoadOptions, OpTiming, SegmentResult, Step } from '../device.ts';
import { assertStep, ClosedProgramError, checkedSegment } from '../step.ts';
import { Cache } from './attention.ts';
import { Buffers } from './buffers.ts';
import { Pass } from './pass.ts';
import { Weights } from './weights.ts';

/** `now` is the clock for timings; the default is coarse, which is enough for a device that nobody runs for speed. */
export function referenceDevice(now: () => Milliseconds = Date.now): Device {
  return {
    name: 'reference',
    async load(program, file, options) {
      const weights = new Weights();
      await weights.load(program, file, options.onProgress);
      return new ReferenceProgram(program, weights, options, now);
    },
  };
}

class ReferenceProgram implements LoadedProgram {
  readonly maxTokens: number;
  readonly slots: number;
  private readonly program: Program;
  private readonly weights: Weights;
  private readonly now: () => Milliseconds;
  private readonly spent = new Map<OpName, { calls: number; totalMs: Milliseconds }>();
  private memory: { buffers: Buffers; cache: Cache } | undefined;

  constructor(program: Program, weights: Weights, { slots, maxTokens }: LoadOptions, now: () => Milliseconds) {
    this.program = program;
    this.weights = weights;
    this.slots = slots;
    this.maxTokens = maxTokens;
    this.now = now;
    this.memory = { buffers: new Buffers(program, maxTokens), cache: new Cache(program.cache, slots) };
  }

  async run(step: Step, index: number, input?: Float32Array): Promise<SegmentResult> {
    if (!this.memory) throw new ClosedProgramError();
    const {
      cache: { seqLen },
      vocabSize,
    } = this.program;
    assertStep(step, { slots: this.slots, maxTokens: this.maxTokens, seqLen, vocabSize });
    const segment = checkedSegment(this.program, index, step, input);
    const { buffers, cache } = this.memory;
    const pass = new Pass(step, buffers, cache, this.weights);
    if (segment.input !== undefined && input) pass.floats(segment.input).values.set(input);
    for (const op of segment.ops) this.timed(op.op, () => pass.run(op));
    const output = segment.output === undefined ? undefined : pass.floats(segment.output).values.slice();
    return { output, candidates: pass.candidates };
  }

  async timings(): Promise<OpTiming[]> {
    return [...this.spent].map(([op, spent]) => ({ op, ...spent })).sort((a, b) => b.totalMs - a.totalMs);
  }

  async close(): Promise<void> {
    this.memory = undefined;
  }

  private timed(op: OpName, work: () => void): void {
    const start = this.now();
    work();
    const { calls, totalMs } = this.spent.get(op) ?? { calls: 0, totalMs: 0 };
    this.spent.set(op, { calls: calls + 1, totalMs: totalMs + this.now() - start });
  }
}
