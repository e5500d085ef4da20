// When a thread that others need too, for timers and sockets say, lets them have it. Knows nothing of what it computes.

import type { Milliseconds } from '../../units.ts';

export class Pauses {
  /** The longest that others wait, unless a single op takes longer. */
  readonly afterMs: Milliseconds = 20;
  private readonly now: () => Milliseconds;
  private readonly yieldThread: () => Promise<void>;
  private lastAt: Milliseconds;

  constructor(now: () => Milliseconds, yieldThread: () => Promise<void>) {
    this.now = now;
    this.yieldThread = yieldThread;
    this.lastAt = now();
  }

  /** To be called where the thread was free anyway. */
  begin(): void {
    this.lastAt = this.now();
  }

  isDue(at: Milliseconds): boolean {
    return at - this.lastAt > this.afterMs;
  }

  async pause(): Promise<void> {
    await this.yieldThread();
    this.lastAt = this.now();
  }
}
