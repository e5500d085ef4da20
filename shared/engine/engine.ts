// Serves many requests by one stepper: who gets a slot, what each step computes, and what happens when a step fails or
// a caller leaves. Token ids in, token ids out; it knows no text, no HTTP and no members of a cluster.

import type { Candidates, Run, Step } from '../device/device.ts';
import type { Milliseconds, TokenId } from '../units.ts';
import { CacheLostError, EngineClosedError, QueueFullError, StepAnswerError } from './errors.ts';
import type { Generation } from './generation.ts';
import { GenerationTask } from './generation-task.ts';
import { seededRandom } from './random.ts';
import { checkScored, type GenerateRequest, orderOf } from './request.ts';
import { planStep } from './schedule.ts';
import { ScoreTask } from './score-task.ts';
import { SlotPool } from './slots.ts';
import type { Stepper } from './stepper.ts';
import type { Task } from './task.ts';

export interface EngineOptions {
  readonly clock: () => Milliseconds;
  /** Requests that may wait while all slots are taken. */
  readonly maxQueue?: number;
  /**
   * Awaited between steps. Where a stepper computes on the calling thread, this gives timers and sockets their turn.
   */
  readonly pause?: () => Promise<void>;
  /** Called after each step that succeeded. */
  readonly onStep?: (step: StepReport) => void;
}

export interface StepReport {
  readonly ms: Milliseconds;
  readonly tokens: number;
  readonly sequences: number;
}

export interface EngineStatus {
  readonly running: number;
  readonly waiting: number;
  readonly slots: number;
  readonly seqLen: number;
}

export interface Engine {
  /** Throws at once if the request is impossible or the queue is full. */
  generate(request: GenerateRequest): Generation;
  /** The log-probability of each token after the first, given those before it: one fewer than `tokens`. */
  score(tokens: readonly TokenId[]): Promise<number[]>;
  status(): EngineStatus;
  /** Fails what runs and waits, and resolves when no step runs any more. The stepper stays the caller's to close. */
  close(): Promise<void>;
}

export function createEngine(stepper: Stepper, options: EngineOptions): Engine {
  return new StepEngine(stepper, options);
}

const defaultMaxQueue = 64;
/** Lost caches in a row, without a step between them, after which the requests are given up. */
const maxCacheLosses = 3;

/** A task in its slot. */
interface Seat {
  readonly task: Task;
  readonly slot: number;
  /** How many of the task's tokens the slot holds. */
  position: number;
}

class StepEngine implements Engine {
  private readonly stepper: Stepper;
  private readonly options: EngineOptions;
  private readonly slots: SlotPool;
  /** Fewer than slots if a step has not room for a token of each; so no sequence starves (see planStep). */
  private readonly maxSeats: number;
  private readonly waiting: Task[] = [];
  /** Oldest first. */
  private seats: Seat[] = [];
  private working: Promise<void> | undefined;
  private closed = false;
  private cacheLosses = 0;

  constructor(stepper: Stepper, options: EngineOptions) {
    this.stepper = stepper;
    this.options = options;
    this.slots = new SlotPool(stepper.slots);
    this.maxSeats = Math.min(stepper.slots, stepper.maxTokens);
  }

  generate(request: GenerateRequest): Generation {
    const order = orderOf(request, this.stepper);
    const random = seededRandom(order.sampling.seed ?? Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
    const task = new GenerationTask(order, random, this.options.clock, () => this.removeEnded());
    this.enqueue(task);
    return task.stream;
  }

  async score(tokens: readonly TokenId[]): Promise<number[]> {
    checkScored(tokens, this.stepper);
    const task = new ScoreTask(tokens);
    this.enqueue(task);
    return task.result;
  }

  status(): EngineStatus {
    const { slots, seqLen } = this.stepper;
    return { running: this.seats.length, waiting: this.waiting.length, slots, seqLen };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const task of [...this.waiting, ...this.seats.map((seat) => seat.task)]) task.fail(new EngineClosedError());
    this.removeEnded();
    await this.working;
  }

  private enqueue(task: Task): void {
    if (this.closed) throw new EngineClosedError();
    if (task.ended) return;
    const soonSeated = this.maxSeats - this.seats.length;
    if (this.waiting.length >= soonSeated + (this.options.maxQueue ?? defaultMaxQueue)) {
      throw new QueueFullError(this.waiting.length - soonSeated);
    }
    this.waiting.push(task);
    // Begins after the caller's turn, so that requests made together share the first step.
    this.working ??= Promise.resolve()
      .then(() => this.work())
      .catch((error) => this.giveUp(error));
  }

  /** Steps until nothing is left to do. Only one of it runs at a time, and so do steps. */
  private async work(): Promise<void> {
    for (;;) {
      this.seatWaiting();
      if (this.seats.length === 0) {
        this.working = undefined; // in the same turn, so that no request comes between the look and this
        return;
      }
      const bySlot = new Map(this.seats.map((seat) => [seat.slot, seat]));
      const step = planStep(
        this.seats.map(({ task, slot, position }) => ({
          slot,
          tokens: task.tokens,
          position,
          wanted: task.wanted(position),
        })),
        this.stepper,
      );
      const begun = this.options.clock();
      let failed = false;
      try {
        const candidates = await this.stepper.run(step);
        this.cacheLosses = 0;
        this.deliver(step, bySlot, candidates);
      } catch (error) {
        failed = true;
        this.recover(step, bySlot, error);
      }
      this.removeEnded();
      if (!failed) this.options.onStep?.(reportOf(step, this.options.clock() - begun));
      await this.options.pause?.();
    }
  }

  /** A fault outside of a step, in a hook say: nobody may be left waiting for an answer. */
  private giveUp(error: unknown): void {
    this.working = undefined;
    for (const task of [...this.waiting, ...this.seats.map((seat) => seat.task)]) if (!task.ended) task.fail(error);
    this.removeEnded();
  }

  private seatWaiting(): void {
    while (this.waiting.length > 0 && this.seats.length < this.maxSeats) {
      const task = this.waiting.shift()!;
      const lease = this.slots.take(task.tokens, task.mayReuse);
      if (!lease) throw new Error('no free slot, though fewer sequences run than there are slots');
      task.begin(lease);
      this.seats.push({ task, slot: lease.slot, position: lease.reused });
    }
  }

  private deliver(step: Step, bySlot: ReadonlyMap<number, Seat>, candidates: readonly Candidates[]): void {
    const wanted = step.runs.reduce((count, run) => count + run.wanted.length, 0);
    if (wanted !== candidates.length) throw new StepAnswerError(`${wanted} rows of logits`, `${candidates.length}`);
    let next = 0;
    for (const run of step.runs) {
      const end = next + run.wanted.length;
      this.deliverRun(run, bySlot.get(run.slot)!, candidates.slice(next, end));
      next = end;
    }
  }

  private deliverRun(run: Run, seat: Seat, candidates: readonly Candidates[]): void {
    this.slots.record(run.slot, run.position, run.tokens);
    seat.position = run.position + run.tokens.length;
    // A task that was cancelled meanwhile has left its slot, but the slot holds the tokens all the same.
    if (seat.task.ended || candidates.length === 0) return;
    try {
      seat.position = seat.task.accept(seat.position - candidates.length, candidates);
    } catch (error) {
      // Its logits are unusable; those of others need not be. Its keys and values may be what spoiled them.
      this.slots.forget(run.slot);
      seat.task.fail(error);
    }
  }

  private recover(step: Step, bySlot: ReadonlyMap<number, Seat>, error: unknown): void {
    if (error instanceof CacheLostError) {
      this.slots.forgetAll();
      for (const seat of this.seats) seat.position = 0;
      if (++this.cacheLosses < maxCacheLosses) return;
      for (const { task } of this.seats) task.fail(error);
      this.cacheLosses = 0;
      return;
    }
    for (const { slot } of step.runs) {
      this.slots.forget(slot);
      const { task } = bySlot.get(slot)!;
      if (!task.ended) task.fail(error);
    }
  }

  /** Frees the slots and places of tasks that want no more steps; also called while a step runs. */
  private removeEnded(): void {
    for (const { task, slot } of this.seats) if (task.ended) this.slots.release(slot);
    this.seats = this.seats.filter(({ task }) => !task.ended);
    const stillWaiting = this.waiting.filter((task) => !task.ended);
    this.waiting.splice(0, this.waiting.length, ...stillWaiting);
  }
}

function reportOf(step: Step, ms: Milliseconds): StepReport {
  const tokens = step.runs.reduce((count, run) => count + run.tokens.length, 0);
  return { ms, tokens, sequences: step.runs.length };
}
