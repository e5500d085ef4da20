// What a grammar is made of: machines that read bytes and call each other, as values contain values. A machine has numbers
// for states and no memory beside them, so that its states can be told apart, shared and kept.

import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import { QUOTE, WHITE_SPACE } from './json-texts.ts';

export interface Machine {
  readonly start: number;
  /** The state after a byte, or DEAD. */
  step(state: number, byte: number): number;
  /** Whether `step` leads anywhere. */
  reads(state: number): boolean;
  /** What may be read by other machines here. */
  calls(state: number): readonly Call[];
  /** Whether what it reads may end here. */
  mayEnd(state: number): boolean;
}

export interface Call {
  readonly to: Choice;
  /** The state to go on in when that has been read. */
  readonly next: number;
}

/** One of several machines: what a schema allows in a place. Filled after all are made, since schemas refer to each other. */
export interface Choice {
  readonly machines: Machine[];
}

export const NO_CALLS: readonly Call[] = [];

/** How many characters a string may have. */
export interface Length {
  readonly min: number;
  /** May be Infinity. */
  readonly max: number;
  /** The automaton's state between two characters. */
  readonly body: number;
}

/** Reads what an automaton accepts, and counts a string's characters where their number matters. */
export class TextMachine implements Machine {
  readonly start: number;
  readonly automaton: ByteAutomaton;
  readonly length: Length | undefined;

  constructor(automaton: ByteAutomaton, length?: Length | undefined) {
    this.automaton = automaton;
    this.length = length;
    this.start = automaton.start;
  }

  /** The automaton's part of a state. */
  inner(state: number): number {
    return state % this.automaton.size;
  }

  /** How many characters were begun; no more are counted than matters. */
  count(state: number): number {
    return Math.floor(state / this.automaton.size);
  }

  step(state: number, byte: number): number {
    const inner = this.inner(state);
    const next = this.automaton.next(inner, byte);
    if (next === DEAD || !this.length) return next;
    let count = this.count(state);
    if (inner === this.length.body) {
      const { min, max } = this.length;
      if (byte === QUOTE ? count < min : count >= max) return DEAD;
      if (byte !== QUOTE && (count < min || max < Number.POSITIVE_INFINITY)) count++;
    }
    return count * this.automaton.size + next;
  }

  reads(state: number): boolean {
    return this.automaton.reads(this.inner(state));
  }

  calls(): readonly Call[] {
    return NO_CALLS;
  }

  mayEnd(state: number): boolean {
    return this.automaton.accepts(this.inner(state));
  }
}

/** A choice without alternatives. */
export const only = (machine: Machine): Choice => ({ machines: [machine] });

export const WHITE_SPACE_CHOICE: Choice = only(new TextMachine(WHITE_SPACE));
