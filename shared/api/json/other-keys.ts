// The keys of an object that its schema does not list: all strings but some. They are read as JSON.stringify writes them,
// or a listed key could pass as another one by way of its escapes.

import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import type { TextTrie } from './text-trie.ts';

/** A state is one of `strings`, and a place among the listed keys, 0 where the text has left them all behind. */
export class OtherKeys implements ByteAutomaton {
  readonly size: number;
  readonly start: number;
  private readonly strings: ByteAutomaton;
  private readonly listed: TextTrie;

  constructor(strings: ByteAutomaton, listed: TextTrie) {
    this.strings = strings;
    this.listed = listed;
    this.size = strings.size * (listed.size + 1);
    this.start = strings.start + strings.size * (listed.start + 1);
  }

  next(state: number, byte: number): number {
    const next = this.strings.next(state % this.strings.size, byte);
    if (next === DEAD) return DEAD;
    const place = Math.floor(state / this.strings.size) - 1;
    const nextPlace = place === DEAD ? DEAD : this.listed.next(place, byte);
    if (nextPlace !== DEAD && this.listed.accepts(nextPlace)) return DEAD;
    return next + this.strings.size * (nextPlace + 1);
  }

  accepts(state: number): boolean {
    return this.strings.accepts(state % this.strings.size);
  }

  reads(state: number): boolean {
    return this.strings.reads(state % this.strings.size);
  }
}
