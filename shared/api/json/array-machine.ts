// Reads a JSON array: so many items, the first ones each by its own schema.

import { DEAD } from './byte-automaton.ts';
import { type Call, type Choice, type Machine, NO_CALLS, WHITE_SPACE_CHOICE } from './machine.ts';

export interface ArrayRules {
  readonly prefix: readonly Choice[];
  /** What follows the prefix. */
  readonly items: Choice | undefined;
  readonly min: number;
  /** May be Infinity, but only with `items`. */
  readonly max: number;
}

// Phases. Those with a count have a state for each number of items; the others share that of none.
const START = 0;
const OPEN = 1;
const FIRST = 2;
const AFTER_ITEM = 3;
const AFTER_COMMA = 4;
const ITEM = 5;
const BEFORE_END = 6;
const END = 7;
const PHASES = 8;

export class ArrayMachine implements Machine {
  readonly start = START;
  private readonly rules: ArrayRules;
  /** With more items than that nothing changes any more. */
  private readonly countedItems: number;

  constructor(rules: ArrayRules) {
    const { prefix, min, max } = rules;
    this.rules = rules;
    this.countedItems = Math.max(prefix.length, min, max === Number.POSITIVE_INFINITY ? 0 : max);
  }

  step(state: number, byte: number): number {
    const { min, max } = this.rules;
    switch (byte) {
      case 0x5b: // [
        return state === START ? OPEN : DEAD;
      case 0x2c: // ,
        return state % PHASES === AFTER_ITEM && countOf(state) < max ? state - AFTER_ITEM + AFTER_COMMA : DEAD;
      case 0x5d: // ]
        return state === BEFORE_END || (state === FIRST && min === 0) ? END : DEAD;
      default:
        return DEAD;
    }
  }

  reads(state: number): boolean {
    const phase = state % PHASES;
    if (phase === FIRST) return this.rules.min === 0;
    if (phase === AFTER_ITEM) return countOf(state) < this.rules.max;
    return phase === START || phase === BEFORE_END;
  }

  calls(state: number): readonly Call[] {
    const count = countOf(state);
    const { prefix, items, min, max } = this.rules;
    switch (state % PHASES) {
      case OPEN:
        return [{ to: WHITE_SPACE_CHOICE, next: FIRST }];
      case AFTER_ITEM:
        return count >= min ? [{ to: WHITE_SPACE_CHOICE, next: BEFORE_END }] : NO_CALLS;
      case AFTER_COMMA:
        return [{ to: WHITE_SPACE_CHOICE, next: state - AFTER_COMMA + ITEM }];
      case FIRST:
      case ITEM: {
        const to = prefix[count] ?? items;
        const now = Math.min(count + 1, this.countedItems);
        return to && count < max ? [{ to, next: now * PHASES + AFTER_ITEM }] : NO_CALLS;
      }
      default:
        return NO_CALLS;
    }
  }

  mayEnd(state: number): boolean {
    return state === END;
  }
}

const countOf = (state: number): number => Math.floor(state / PHASES);
