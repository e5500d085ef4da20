// Some texts, as an automaton that accepts exactly them: an enumeration's values, or an object's keys. Kept sparse, since
// of thousands of states nearly all have one way on.

import type { ByteAutomaton } from './byte-automaton.ts';
import { DEAD } from './byte-automaton.ts';

export class TextTrie implements ByteAutomaton {
  readonly start = 0;
  /** By state · 256 + byte. */
  private readonly ways = new Map<number, number>();
  private readonly ends: number[] = [DEAD];
  /** Which texts go through a state: their numbers, ascending. */
  private readonly passing: number[][] = [[]];

  /** Texts as byte strings; each is known by its index. Of equal ones the first counts. */
  constructor(texts: readonly string[]) {
    texts.forEach((text, index) => {
      let state = this.start;
      this.passing[state]!.push(index);
      for (let i = 0; i < text.length; i++) {
        const key = state * 256 + text.charCodeAt(i);
        let to = this.ways.get(key);
        if (to === undefined) {
          to = this.ends.push(DEAD) - 1;
          this.passing.push([]);
          this.ways.set(key, to);
        }
        state = to;
        this.passing[state]!.push(index);
      }
      if (this.ends[state] === DEAD) this.ends[state] = index;
    });
  }

  get size(): number {
    return this.ends.length;
  }

  next(state: number, byte: number): number {
    return this.ways.get(state * 256 + byte) ?? DEAD;
  }

  accepts(state: number): boolean {
    return this.ends[state] !== DEAD;
  }

  reads(state: number): boolean {
    return this.passing[state]!.length > (this.accepts(state) ? 1 : 0);
  }

  /** The index of the text that ends in a state, or DEAD. */
  endAt(state: number): number {
    return this.ends[state]!;
  }

  /** Whether a text with an index from `first` to `last` goes through a state. */
  leadsTo(state: number, first: number, last: number): boolean {
    const indexes = this.passing[state]!;
    let low = 0;
    let high = indexes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (indexes[middle]! < first) low = middle + 1;
      else high = middle;
    }
    return low < indexes.length && indexes[low]! <= last;
  }
}
