// A set of token ids as one bit each, because a set of which tokens may come next often holds most of a vocabulary and is
// made anew for every token. Ids only.

import type { TokenId } from '../units.ts';

export class TokenSet {
  private readonly words: Uint32Array;

  /** For ids below `capacity`. */
  constructor(capacity: number, ids: Iterable<TokenId> = []) {
    this.words = new Uint32Array((capacity + 31) >> 5);
    for (const id of ids) this.add(id);
  }

  get size(): number {
    let size = 0;
    for (let i = 0; i < this.words.length; i++) size += bitCount(this.words[i]!);
    return size;
  }

  has(id: TokenId): boolean {
    return id >> 5 < this.words.length && ((this.words[id >> 5]! >>> (id & 31)) & 1) === 1;
  }

  add(id: TokenId): void {
    this.words[id >> 5]! |= 1 << (id & 31);
  }

  copy(): TokenSet {
    const copy = new TokenSet(this.words.length * 32);
    copy.words.set(this.words);
    return copy;
  }

  delete(id: TokenId): void {
    this.words[id >> 5]! &= ~(1 << (id & 31));
  }

  /** Adds the tokens of a set of the same capacity. */
  addAll(other: TokenSet): void {
    for (let i = 0; i < this.words.length; i++) this.words[i]! |= other.words[i]!;
  }

  /** In ascending order. */
  *[Symbol.iterator](): Generator<TokenId, void, undefined> {
    for (let i = 0; i < this.words.length; i++) {
      for (let rest = this.words[i]!; rest !== 0; rest &= rest - 1) yield i * 32 + 31 - Math.clz32(rest & -rest);
    }
  }
}

/** The bits that are set, counted in pairs, then fours, then bytes. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
