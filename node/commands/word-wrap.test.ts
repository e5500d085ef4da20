import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WordWrap } from './word-wrap.ts';

const ESCAPE = '\x1b';
const MOVES = new RegExp(`${ESCAPE}\\[(\\d+)D|(${ESCAPE}\\[K)|([^${ESCAPE}])`, 'gu');

/** What a terminal of `columns` shows after `output`: it knows letters, line breaks, moving left and erasing to the right. */
function screen(output: string, columns: number): string[] {
  const lines = [''];
  let column = 0;
  for (const [, left, erase, character] of output.matchAll(MOVES)) {
    const last = lines.length - 1;
    if (left) column = Math.min(column, columns - 1) - Number(left);
    else if (erase) lines[last] = lines[last].slice(0, column);
    else if (character === '\n') {
      lines.push('');
      column = 0;
    } else {
      lines[last] = lines[last].slice(0, column) + character;
      column++;
    }
  }
  return lines;
}

const wrapped = (pieces: readonly string[], columns: number): string[] => {
  const wrap = new WordWrap(() => columns);
  return screen(pieces.map((piece) => wrap.push(piece)).join(''), columns).map((line) => line.trimEnd());
};

test('a word that does not fit goes to the next line, however it comes', () => {
  expect(wrapped(['the quick bro', 'wn f', 'ox jumps'], 12)).toEqual(['the quick', 'brown fox', 'jumps']);
});

test('a word longer than a line goes on in the next', () => {
  expect(wrapped(['abcdefghij kl'], 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
});

test('line breaks stay', () => expect(wrapped(['one\n\ntwo three'], 9)).toEqual(['one', '', 'two three']));

test('wide characters count twice, combining ones not at all', () => {
  expect(new WordWrap(() => 7).push('고래 고래')).toBe('고래 고\x1b[2D\x1b[K\n고래');
  expect(new WordWrap(() => 4).push('e\u0301e\u0301e\u0301e\u0301')).not.toContain('\n');
});

test('no line is too long, no word of a line is lost or cut', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 9, max: 30 }), fc.integer({ min: 1, max: 7 }), (words, columns, size) => {
      const text = words.join(' ');
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      const lines = wrapped(pieces, columns);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(lines.join(' ').split(/ +/)).toEqual(words);
    }),
  );
});
