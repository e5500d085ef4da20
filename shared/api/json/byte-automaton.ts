// The port through which the rest sees a finite automaton that reads bytes. Its states are numbers below `size`.

/** No state: the text cannot go on like this. */
export const DEAD = -1;

export interface ByteAutomaton {
  readonly size: number;
  readonly start: number;
  /** The state after a byte, or DEAD. From every state that is not DEAD some accepting one can be reached. */
  next(state: number, byte: number): number;
  /** Whether the text may end here. */
  accepts(state: number): boolean;
  /** Whether the text may go on here. */
  reads(state: number): boolean;
}
