// Regular expressions over bytes, as data: what patterns, numbers and strings are described with before they become
// automata. Knows UTF-8 and how JSON writes a character; no pattern syntax and no automata.

import type { Range } from '../../units.ts';

export type Expression =
  | { readonly kind: 'byte'; readonly low: number; readonly high: number }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'either'; readonly parts: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly part: Expression; readonly min: number; readonly max: number };

export const sequence = (...parts: Expression[]): Expression => ({ kind: 'sequence', parts });
/** Without parts: nothing at all, not even the empty text. */
export const either = (...parts: Expression[]): Expression => ({ kind: 'either', parts });
export const repeat = (part: Expression, min: number, max: number): Expression => ({ kind: 'repeat', part, min, max });
export const optional = (part: Expression): Expression => repeat(part, 0, 1);
export const bytes = (low: number, high: number): Expression => ({ kind: 'byte', low, high });

/** A text of ASCII characters. */
export const ascii = (text: string): Expression =>
  sequence(...Array.from(text, (character) => bytes(character.charCodeAt(0), character.charCodeAt(0))));

/** One of the ASCII characters from `low` to `high`. */
export const between = (low: string, high: string): Expression => bytes(low.charCodeAt(0), high.charCodeAt(0));

/** Code points from `start` up to, not including, `end`; ascending, apart from each other. */
export type CodeSet = readonly Range[];

export const LAST_CODE = 0x10ffff;

/** Sorted and joined, without surrogates, which are no characters. */
export function codeSet(ranges: Iterable<Range>): CodeSet {
  const joined: Range[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else if (start < end) joined.push({ start, end });
  }
  return joined.flatMap(({ start, end }) => [
    ...clip(start, Math.min(end, 0xd800)),
    ...clip(Math.max(start, 0xe000), Math.min(end, LAST_CODE + 1)),
  ]);
}

export function complement(set: CodeSet): CodeSet {
  const gaps: Range[] = [];
  let start = 0;
  for (const range of set) {
    gaps.push({ start, end: range.start });
    start = range.end;
  }
  return codeSet([...gaps, { start, end: LAST_CODE + 1 }]);
}

const clip = (start: number, end: number): Range[] => (start < end ? [{ start, end }] : []);

/** One character of the set, in UTF-8. */
export function utf8(set: CodeSet): Expression {
  const parts: Expression[] = [];
  for (const { start, end } of set) {
    for (const [least, most] of [
      [0, 0x7f],
      [0x80, 0x7ff],
      [0x800, 0xffff],
      [0x10000, LAST_CODE],
    ] as const) {
      const low = Math.max(start, least);
      const high = Math.min(end - 1, most);
      if (low <= high) parts.push(...utf8Range(encode(low), encode(high)));
    }
  }
  return either(...parts);
}

function encode(code: number): number[] {
  const tail = (shift: number): number => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), tail(0)];
  if (code < 0x10000) return [0xe0 | (code >> 12), tail(6), tail(0)];
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)];
}

/** All characters from one to another of the same length: at most one first byte of each keeps its own tails. */
function utf8Range(low: readonly number[], high: readonly number[]): Expression[] {
  const [first, ...lowTail] = low as [number, ...number[]];
  const [last, ...highTail] = high as [number, ...number[]];
  if (lowTail.length === 0) return [bytes(first, last)];
  if (first === last) return [sequence(bytes(first, first), either(...utf8Range(lowTail, highTail)))];
  const lowest = lowTail.map(() => 0x80);
  const highest = lowTail.map(() => 0xbf);
  const parts: Expression[] = [];
  let [start, end] = [first, last];
  if (lowTail.some((byte) => byte !== 0x80)) {
    parts.push(sequence(bytes(first, first), either(...utf8Range(lowTail, highest))));
    start++;
  }
  if (highTail.some((byte) => byte !== 0xbf)) {
    parts.push(sequence(bytes(last, last), either(...utf8Range(lowest, highTail))));
    end--;
  }
  if (start <= end) parts.push(sequence(bytes(start, end), ...lowest.map(() => bytes(0x80, 0xbf))));
  return parts;
}

/** One character of the set as JSON.stringify writes it inside a string: of several ways to write it, one. */
export function jsonCharacter(set: CodeSet): Expression {
  const special = [...Array(0x20).keys(), 0x22, 0x5c];
  const plain = complement(codeSet([...complement(set), ...special.map((code) => ({ start: code, end: code + 1 }))]));
  const escapes = special
    .filter((code) => set.some(({ start, end }) => code >= start && code < end))
    .map((code) => JSON.stringify(String.fromCharCode(code)).slice(2, -1));
  return escapes.length === 0 ? utf8(plain) : either(utf8(plain), sequence(ascii('\\'), branches(escapes)));
}

/** One of some ASCII texts, those with a common beginning together, since there is one for nearly every character set. */
function branches(texts: readonly string[]): Expression {
  const byFirst = Map.groupBy(texts, (text) => text[0]!);
  return either(
    ...Array.from(byFirst, ([first, all]) => {
      const rest = all.map((text) => text.slice(1));
      return rest.includes('') ? ascii(first) : sequence(ascii(first), branches(rest));
    }),
  );
}
