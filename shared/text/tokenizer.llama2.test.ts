import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, anyText, bytesOf, testIdentity } from '../../test/golden/text/identity.ts';
import { naiveSentencePiece } from '../../test/golden/text/naive-tokenizer.ts';
import { createTokenizer } from './tokenizer.ts';

const { original, tokenizer } = testIdentity({
  name: 'llama2',
  family: 'llama2',
  // The npm decoder drops a byte order mark.
  exclude: /\ufeff/gu,
  // `▁` is SentencePiece's own way to write a space.
  restored: (text) => text.replaceAll('▁', ' '),
});
const PLAIN = { bos: false, special: false };

describe('the Llama-2 family', () => {
  test('bytes that are not UTF-8 fall back to byte tokens, and come back', () => {
    const naive = naiveSentencePiece(original);
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const ids = tokenizer.encodeBytes(bytes, PLAIN);
        expect(ids).toEqual(naive(bytes));
        const space = [0x20];
        const escaped = Array.from(bytes).join().replaceAll('226,150,129', '32');
        expect([...space, ...(escaped === '' ? [] : escaped.split(',').map(Number))]).toEqual(bytesOf(tokenizer, ids));
      }),
      { numRuns: 1500 },
    );
  });

  test('a file whose byte tokens were converted to raw bytes gives the same ids', () => {
    const pieces = original.vocabulary.pieces.map((piece, id) => (id >= 3 && id < 259 ? Uint8Array.of(id - 3) : piece));
    const raw = createTokenizer({ ...original.vocabulary, pieces });
    expect(raw).toMatchObject({ family: 'llama2', addsLeadingSpace: true });
    fc.assert(
      fc.property(anyText, (text) => {
        expect(raw.encode(text, PLAIN)).toEqual(tokenizer.encode(text, PLAIN));
      }),
      { numRuns: 1000 },
    );
  });

  test('only the start of a text gets a space, and not before a special token', () => {
    const hello = tokenizer.encode('hello', PLAIN);
    const bare = hello.slice(1);
    expect(tokenizer.decode(hello, { continues: true })).toBe(' hello');
    const afterSpecial = tokenizer.encode('</s>hello', { bos: false });
    expect(afterSpecial[0]).toBe(2);
    expect(tokenizer.decode(afterSpecial, { continues: true })).toBe('hello');
    expect(bare).not.toContain(2);
    expect(tokenizer.encode('hello</s>', { bos: false })).toEqual([...hello, 2]);
    expect(tokenizer.encode('', { bos: false })).toEqual([]);
  });

  test('the begin token is added once', () => {
    expect(tokenizer.encode('hi')).toEqual([1, ...tokenizer.encode('hi', PLAIN)]);
    expect(tokenizer.encode('<s>hi')[0]).toBe(1);
    expect(tokenizer.encode('<s>hi')[1]).not.toBe(1);
    expect(tokenizer.encode('')).toEqual([1]);
  });

  test('ids below the begin token and above it are no special tokens by that alone', () => {
    expect(tokenizer.isSpecial(0x0a + 3)).toBe(false);
    expect(tokenizer.isSpecial(5000)).toBe(false);
    expect(tokenizer.isSpecial(2)).toBe(true);
  });
});
