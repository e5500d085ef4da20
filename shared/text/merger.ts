// Byte-pair merging: from symbols to tokens, always the neighbours whose merged token ranks first, the leftmost of equals.
// Takes O(n log n) for any input. Knows neither families nor text: which merges exist is the rules' business.

import type { TokenId } from '../units.ts';
import { MergeQueue } from './merge-queue.ts';

export interface MergeRules {
  /** The token of these bytes, or -1. */
  find(bytes: string): TokenId | -1;
  /** Merge order by token, 0 first. */
  readonly ranks: Int32Array;
  /** No token has more bytes. */
  readonly longest: number;
  /** Where the symbol that starts at `at` ends before any merge. */
  symbolEnd(bytes: string, at: number): number;
  /** Appends what stands for a symbol that is no token. */
  unknown(bytes: string, output: TokenId[]): void;
}

/** A queue key is `rank · POSITIONS + start`: exact in a double up to 2^53. */
const POSITIONS = 2 ** 32;

/** Symbols are named by the offset where they start. Columns, not objects: an input may have a million of them. */
class Symbols {
  readonly capacity: number;
  /** Where the symbol ends, which is where its right neighbour starts; 0 once it was merged away. */
  readonly end: Int32Array;
  /** Where its left neighbour starts. */
  readonly previous: Int32Array;
  /** Its token, or -1. */
  readonly id: Int32Array;
  /** The token it would make with its right neighbour, or -1. */
  readonly merged: Int32Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.end = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
    this.id = new Int32Array(capacity);
    this.merged = new Int32Array(capacity);
  }
}

/** Kept for words, which are short and many; larger inputs get their own. Rules never merge, so it is never in use twice. */
const SMALL = new Symbols(1024);
const QUEUE = new MergeQueue();

/** Appends the tokens of `bytes` to `output`. */
export function mergeInto(output: TokenId[], bytes: string, rules: MergeRules): void {
  const length = bytes.length;
  const symbols = length <= SMALL.capacity ? SMALL : new Symbols(length);
  const queue = length <= SMALL.capacity ? QUEUE : new MergeQueue();
  const { end, previous, id, merged } = symbols;

  const consider = (start: number): void => {
    merged[start] = -1;
    const middle = end[start]!;
    if (middle >= length || id[start]! < 0 || id[middle]! < 0 || end[middle]! - start > rules.longest) return;
    const token = rules.find(bytes.slice(start, end[middle]));
    if (token < 0) return;
    merged[start] = token;
    queue.push(rules.ranks[token]! * POSITIONS + start);
  };

  for (let start = 0, left = 0; start < length; left = start, start = end[start]!) {
    end[start] = rules.symbolEnd(bytes, start);
    previous[start] = left;
    id[start] = rules.find(bytes.slice(start, end[start]));
  }
  for (let start = 0; start < length; start = end[start]!) consider(start);

  while (queue.size > 0) {
    const key = queue.pop();
    const start = key % POSITIONS;
    const token = merged[start]!;
    // An entry is stale if its symbol is gone or has since found another neighbour; the newer pair has its own entry.
    if (end[start] === 0 || token < 0 || rules.ranks[token] !== (key - start) / POSITIONS) continue;
    const middle = end[start]!;
    const stop = end[middle]!;
    end[middle] = 0;
    end[start] = stop;
    id[start] = token;
    if (stop < length) previous[stop] = start;
    consider(start);
    if (start > 0) consider(previous[start]!);
  }

  for (let start = 0; start < length; start = end[start]!) {
    if (id[start]! >= 0) output.push(id[start]!);
    else rules.unknown(bytes.slice(start, end[start]), output);
  }
}
