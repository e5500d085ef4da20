import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, bytesOf, testIdentity, textWithSpecials } from '../../test/golden/text/identity.ts';
import { naiveByteLevel } from '../../test/golden/text/naive-tokenizer.ts';

const { original, tokenizer } = testIdentity({
  name: 'llama3',
  family: 'llama3',
  // JavaScript's \s has U+FEFF and lacks U+0085; the npm original writes `(?i:'s)` without the long s.
  exclude: /[\ufeff\u0085ſ]/gu,
});
const PLAIN = { bos: false, special: false };

describe('the Llama-3 family', () => {
  test('texts with special tokens', () => {
    fc.assert(
      fc.property(textWithSpecials(original), (raw) => {
        const text = raw.replace(/[\ufeff\u0085ſ]/gu, '');
        expect(tokenizer.encode(text, { bos: false })).toEqual(original.encode(text));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes that are not UTF-8', () => {
    const pattern =
      /(?:'([sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]))|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;
    const naive = naiveByteLevel(original, pattern, { nfc: false, wholeFirst: true });
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const ids = tokenizer.encodeBytes(bytes, PLAIN);
        expect(bytesOf(tokenizer, ids)).toEqual([...bytes]);
        // U+0085 and U+FEFF: as above.
        if (!/194,133|239,187,191|197,191/.test(bytes.join())) expect(ids).toEqual(naive(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  test('white space is Unicode’s, not JavaScript’s', () => {
    // A byte order mark is a symbol: it sticks to the word after it, and a space goes with it, not before it.
    const mark = tokenizer.encode(' \ufeff\ufeff', PLAIN);
    expect(tokenizer.pieceBytes(mark[0]!)[0]).toBe(0x20);
    expect(mark.length).toBeLessThan(3);
    // U+0085 is a space: two of them before a word are cut between, as spaces are.
    expect(tokenizer.encode('\u0085\u0085x', PLAIN)).toEqual([
      ...tokenizer.encode('\u0085', PLAIN),
      ...tokenizer.encode('\u0085x', PLAIN),
    ]);
  });

  test('the begin token is added once', () => {
    expect(tokenizer.encode('hi').slice(0, 2)).toEqual([128000, ...tokenizer.encode('hi', PLAIN)]);
    expect(tokenizer.encode('<|begin_of_text|>hi')).toEqual(tokenizer.encode('hi'));
  });
});
