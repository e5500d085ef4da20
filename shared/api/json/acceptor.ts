// Reads JSON byte by byte by all machines that may be meant at once. A state never changes and there is one object for
// each, so that what was found out about a state can be kept. Knows bytes; no tokens.

import { DEAD } from './byte-automaton.ts';
import type { Machine } from './machine.ts';

/** A machine in a state, and the machine that called it, which goes on when it has ended. */
export interface Thread {
  readonly id: number;
  readonly machine: Machine;
  readonly state: number;
  readonly caller: Thread | undefined;
}

/** All threads that have read the text so far, and can read on. */
export interface State {
  readonly threads: readonly Thread[];
  /** Whether the text may end here. */
  readonly mayEnd: boolean;
  readonly id: number;
}

/**
 * A schema that allows the same text in many ways has many threads. Those above this number are given up: what is read
 * still fits the schema, only not all of what fits is read.
 */
const maxThreads = 256;
/** What is remembered is forgotten at this number. Only sharing is lost. */
const maxRemembered = 200_000;

export class Acceptor {
  readonly start: State;
  /** Where nothing can be read, and the text cannot end. */
  readonly nothing: State;
  private threads = new Map<string, Thread>();
  private states = new Map<string, State>();
  private steps = new Map<number, State | undefined>();
  private nextId = 0;

  constructor(root: Machine) {
    const reached = new Reached();
    this.reach(root, root.start, undefined, reached);
    this.start = this.stateOf(reached);
    this.nothing = this.stateOf(new Reached());
  }

  /** The state after a byte; undefined if no thread can read it. */
  step(state: State, byte: number): State | undefined {
    const key = state.id * 256 + byte;
    if (this.steps.has(key)) return this.steps.get(key);
    const reached = new Reached();
    for (const { machine, state: from, caller } of state.threads) {
      const to = machine.step(from, byte);
      if (to !== DEAD) this.reach(machine, to, caller, reached);
    }
    const next = reached.isEmpty ? undefined : this.stateOf(reached);
    this.steps.set(key, next);
    return next;
  }

  /** The state of one thread of a state's. */
  alone(thread: Thread): State {
    const reached = new Reached();
    reached.threads.add(thread);
    return this.stateOf(reached);
  }

  /** The state when what a thread reads has ended. */
  afterEnd({ caller }: Thread): State {
    const reached = new Reached();
    if (caller) this.reach(caller.machine, caller.state, caller.caller, reached);
    else reached.mayEnd = true;
    return this.stateOf(reached);
  }

  /** To be called now and then, between walks through many states. */
  forget(): void {
    if (this.threads.size + this.states.size + this.steps.size < maxRemembered) return;
    this.threads = new Map();
    this.states = new Map();
    this.steps = new Map();
  }

  /** Everything that can read on when `machine` has come to `state`. Machines call only where they have read a byte. */
  private reach(machine: Machine, state: number, caller: Thread | undefined, reached: Reached): void {
    if (reached.threads.size >= maxThreads) return;
    if (machine.reads(state)) reached.threads.add(this.threadOf(machine, state, caller));
    for (const { to, next } of machine.calls(state)) {
      const here = this.threadOf(machine, next, caller);
      for (const called of to.machines) this.reach(called, called.start, here, reached);
    }
    if (!machine.mayEnd(state)) return;
    if (caller) this.reach(caller.machine, caller.state, caller.caller, reached);
    else reached.mayEnd = true;
  }

  private threadOf(machine: Machine, state: number, caller: Thread | undefined): Thread {
    const key = `${idOf(machine)} ${state} ${caller?.id ?? ''}`;
    let thread = this.threads.get(key);
    if (!thread) {
      thread = { id: this.nextId++, machine, state, caller };
      this.threads.set(key, thread);
    }
    return thread;
  }

  private stateOf({ threads, mayEnd }: Reached): State {
    const sorted = [...threads].sort((a, b) => a.id - b.id);
    const key = `${mayEnd} ${sorted.map(({ id }) => id).join(' ')}`;
    let state = this.states.get(key);
    if (!state) {
      state = { threads: sorted, mayEnd, id: this.nextId++ };
      this.states.set(key, state);
    }
    return state;
  }
}

class Reached {
  readonly threads = new Set<Thread>();
  mayEnd = false;

  get isEmpty(): boolean {
    return this.threads.size === 0 && !this.mayEnd;
  }
}

const ids = new WeakMap<Machine, number>();
let machines = 0;

function idOf(machine: Machine): number {
  let id = ids.get(machine);
  if (id === undefined) {
    id = machines++;
    ids.set(machine, id);
  }
  return id;
}
