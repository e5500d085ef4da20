// What the engine works on: a sequence of tokens with positions to compute, and what to do with the logits that come
// back. The engine knows tasks only through this; `GenerationTask` and `ScoreTask` give it meaning.

import type { Candidates, LogitsRequest } from '../device/device.ts';
import type { TokenId } from '../units.ts';
import type { Lease } from './slots.ts';

export interface Task {
  /** The sequence as known now. */
  readonly tokens: readonly TokenId[];
  /** How many of its first tokens it can do without computing if a slot holds them. */
  readonly mayReuse: number;
  /** It wants no more steps: answered, cancelled or failed. */
  readonly ended: boolean;
  /** It has got a slot. */
  begin(lease: Lease): void;
  /** For which of the last tokens logits are wanted, given that those before `position` are computed. */
  wanted(position: number): readonly LogitsRequest[];
  /**
   * Takes the logits of the positions from `position` on, one of each. Returns how many tokens are computed now, which
   * is less than the step reached if a position has to be computed again.
   */
  accept(position: number, candidates: readonly Candidates[]): number;
  fail(error: unknown): void;
}
