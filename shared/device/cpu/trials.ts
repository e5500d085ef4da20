// Which of two ways to do the same is faster, found out by real work: neither a processor's name nor its cache sizes tell
// whether its memory answers one stream or several faster. Both ways must give the same bits.

import type { Milliseconds } from '../../units.ts';

export type Way = () => void;

/** For so long both ways take turns, so that the engine has optimised them before it counts. */
const TRIAL_MS: Milliseconds = 200;
/** Of each piece of work, whatever it takes. */
const LEAST_ROUNDS = 2;

/** Pieces of work that all go the same way in the end: the one whose fastest rounds sum to less. */
export class Trials {
  private readonly now: () => Milliseconds;
  private readonly leastMs: [number, number][] = [];
  private spentMs: Milliseconds = 0;
  private winner: 0 | 1 | undefined;

  constructor(now: () => Milliseconds) {
    this.now = now;
  }

  /** Does one piece of work, in one of its ways. */
  of(ways: readonly [Way, Way]): Way {
    const least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    this.leastMs.push(least);
    let calls = 0;
    return () => {
      if (this.winner !== undefined) return ways[this.winner]();
      const way = (calls++ % 2) as 0 | 1;
      const begun = this.now();
      ways[way]();
      const ms = this.now() - begun;
      least[way] = Math.min(least[way], ms);
      this.spentMs += ms;
      if (this.spentMs >= TRIAL_MS && calls >= 2 * LEAST_ROUNDS) this.winner = this.faster();
    };
  }

  private faster(): 0 | 1 {
    const tried = this.leastMs.filter((least) => least.every(Number.isFinite));
    const [one, other] = [0, 1].map((way) => tried.reduce((sum, least) => sum + least[way as 0 | 1], 0));
    return one! <= other! ? 0 : 1;
  }
}
