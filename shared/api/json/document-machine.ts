// Reads a whole text: one value, and white space before it. Nothing may follow, or a model could go on for ever.

import { DEAD } from './byte-automaton.ts';
import { type Call, type Choice, type Machine, NO_CALLS, WHITE_SPACE_CHOICE } from './machine.ts';

export class DocumentMachine implements Machine {
  readonly start = 0;
  private readonly value: Choice;

  constructor(value: Choice) {
    this.value = value;
  }

  step(): number {
    return DEAD;
  }

  reads(): boolean {
    return false;
  }

  calls(state: number): readonly Call[] {
    if (state === 0) return [{ to: WHITE_SPACE_CHOICE, next: 1 }];
    return state === 1 ? [{ to: this.value, next: 2 }] : NO_CALLS;
  }

  mayEnd(state: number): boolean {
    return state === 2;
  }
}
