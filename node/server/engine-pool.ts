// Engines of one model side by side, each in its thread: a model so small that it cannot use all cores for one step uses
// them for several. The first runs from the beginning, others start when requests come together. Knows no threads.

import type { ServedRequest } from '../../shared/api/openai/served-model.ts';
import type { EngineStatus } from '../../shared/engine/engine.ts';
import type { Generation } from '../../shared/engine/generation.ts';
import { commonPrefix } from '../../shared/engine/slots.ts';
import type { TokenId } from '../../shared/units.ts';

/** What the pool asks of an engine. */
export interface PooledEngine {
  /** Rejects if it cannot start. */
  readonly ready: Promise<void>;
  /** How much of the model is loaded, from 0 to 1. */
  readonly progress: number;
  readonly status: EngineStatus;
  /** Resolves once the request has its place, in a slot or the queue; rejects with the engine's errors if it gets none. */
  generate(request: ServedRequest): Promise<Generation>;
  /** What runs and waits fails with an EngineClosedError. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** How many engines there may be. */
  readonly most: number;
  /** `onDeath` is called if it ends by itself. */
  readonly start: (index: number, onDeath: (error: Error) => void) => PooledEngine;
  /** Called when the last engine has died. */
  readonly onDeath: (error: Error) => void;
  readonly log: (line: string) => void;
}

interface Member {
  readonly engine: PooledEngine;
  /** Requests that have not ended. */
  requests: number;
  /** The prompts that it got last, as its slots may still hold them. */
  readonly prompts: (readonly TokenId[])[];
}

export class EnginePool implements PooledEngine {
  readonly ready: Promise<void>;
  private readonly options: PoolOptions;
  private readonly first: Member;
  private members: Member[];
  private starting: Promise<void> | undefined;
  private mayGrow = true;
  private closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.first = this.startMember(0);
    this.members = [this.first];
    this.ready = this.first.engine.ready;
  }

  get progress(): number {
    return this.first.engine.progress;
  }

  /** `slots`: of all the engines that there may be. */
  get status(): EngineStatus {
    const all = this.members.map(({ engine }) => engine.status);
    const { slots, seqLen } = this.first.engine.status;
    const sum = (count: (status: EngineStatus) => number): number => all.reduce((total, one) => total + count(one), 0);
    return {
      running: sum(({ running }) => running),
      waiting: sum(({ waiting }) => waiting),
      slots: slots * this.options.most,
      seqLen,
    };
  }

  async generate(request: ServedRequest): Promise<Generation> {
    const member = this.memberFor(request.prompt);
    member.requests++;
    if (member.requests > 1) this.grow();
    this.remember(member, request.prompt);
    const done = (): void => {
      member.requests--;
    };
    try {
      const generation = await member.engine.generate(request);
      generation.finished.then(done, done);
      return generation;
    } catch (error) {
      done();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.starting;
    await Promise.all(this.members.map(({ engine }) => engine.close()));
  }

  /**
   * Of those with the fewest requests the one that knows the longest beginning of the prompt, so that a conversation goes
   * on where its keys and values are.
   */
  private memberFor(prompt: readonly TokenId[]): Member {
    const fewest = Math.min(...this.members.map(({ requests }) => requests));
    const idlest = this.members.filter(({ requests }) => requests === fewest);
    if (idlest.length === 1) return idlest[0]!;
    const known = idlest.map(({ prompts }) => Math.max(0, ...prompts.map((before) => commonPrefix(before, prompt))));
    return idlest[known.indexOf(Math.max(...known))]!;
  }

  private remember({ engine, prompts }: Member, prompt: readonly TokenId[]): void {
    if (this.options.most === 1) return;
    prompts.push(prompt);
    if (prompts.length > engine.status.slots) prompts.shift();
  }

  private grow(): void {
    if (!this.mayGrow || this.starting || this.members.length === this.options.most) return;
    this.starting = this.startAnother().finally(() => {
      this.starting = undefined;
    });
  }

  private async startAnother(): Promise<void> {
    const member = this.startMember(this.members.length);
    try {
      await member.engine.ready;
      this.members.push(member);
    } catch (error) {
      this.mayGrow = false;
      if (!this.closed) this.tell(error as Error);
      await member.engine.close();
    }
  }

  private startMember(index: number): Member {
    const member: Member = {
      engine: this.options.start(index, (error) => this.lose(member, error)),
      requests: 0,
      prompts: [],
    };
    return member;
  }

  /** Its requests have failed; the others' go on. */
  private lose(member: Member, error: Error): void {
    if (!this.members.includes(member)) return; // it never began
    const others = this.members.filter((other) => other !== member);
    if (others.length === 0) return this.options.onDeath(error);
    this.members = others;
    this.mayGrow = false;
    this.tell(error);
  }

  private tell(error: Error): void {
    this.options.log(`Goes on with fewer engines (${this.members.length} of ${this.options.most}): ${error.message}`);
  }
}
