// Time, as the mesh is given it: Node, browsers and tests each have their own.

import type { Milliseconds } from '../units.ts';

export interface Timers {
  /** Never goes back; where it begins does not matter. */
  now(): Milliseconds;
  /** Calls `action` once, after the delay, unless the returned function is called before. */
  after(delayMs: Milliseconds, action: () => void): () => void;
}
