// How much work a schema may cause before it is refused. Schemas come from strangers, and short ones can describe
// automata of any size. Counts only; what a unit is, about a loop's turn, is up to those who spend.

import { UnsupportedSchemaError } from './json-errors.ts';

/** Less than a second's work. */
const units = 5_000_000;

export class WorkBudget {
  private left = units;

  /** Throws an UnsupportedSchemaError if there is not so much left; `what` says what is being made. */
  spend(amount: number, what: string): void {
    this.left -= amount;
    if (this.left < 0) throw UnsupportedSchemaError.tooLarge(what);
  }
}
