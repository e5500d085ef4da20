// The character sets that a regular expression can name by an escape or a dot. As ECMAScript has them.

import { type CodeSet, codeSet, complement } from './expression.ts';

/** From pairs of the first and the last character of each range. */
const ofPairs = (...pairs: [number, number][]): CodeSet =>
  codeSet(pairs.map(([start, last]) => ({ start, end: last + 1 })));

export const single = (code: number): CodeSet => ofPairs([code, code]);

const digits = ofPairs([0x30, 0x39]);
const words = ofPairs([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
const lineEnds = ofPairs([0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]);
const spaces = ofPairs(
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
);

export const DOT = complement(lineEnds);

/** By the letter after the backslash. */
export const CLASS_ESCAPES: ReadonlyMap<string, CodeSet> = new Map([
  ['d', digits],
  ['D', complement(digits)],
  ['w', words],
  ['W', complement(words)],
  ['s', spaces],
  ['S', complement(spaces)],
]);

/** Escapes that stand for one character, by the letter after the backslash. */
export const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['t', 0x09],
  ['n', 0x0a],
  ['v', 0x0b],
  ['f', 0x0c],
  ['r', 0x0d],
]);
