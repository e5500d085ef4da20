import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { madeUp, noBytes, smallQwen, smallSentencePiece } from '../../test/golden/text/small-vocabularies.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { TokenizerMismatchError } from './text-errors.ts';
import { createTokenizer } from './tokenizer.ts';
import { assertTokenizerFits } from './tokenizer-fit.ts';

const PLAIN = { bos: false, special: false };
const anyVocabulary: fc.Arbitrary<Vocabulary> = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 4, max: 0x80 }), fc.float()), { maxLength: 300 })
  .chain((tokens) =>
    fc.record({
      pieces: fc.constant(tokens.map(([piece]) => piece)),
      scores: fc.constant(Float32Array.from(tokens, ([, score]) => score)),
      bosId: fc.option(fc.nat({ max: 400 }), { nil: undefined }),
      eosIds: fc.array(fc.nat({ max: 400 }), { maxLength: 3 }),
      addBos: fc.boolean(),
      chatTemplate: fc.constant(undefined),
    }),
  );

describe('small and made-up vocabularies', () => {
  test('a small Qwen finds its special tokens wherever they are', () => {
    const tokenizer = createTokenizer(smallQwen());
    expect(tokenizer.family).toBe('qwen');
    expect(tokenizer.encode('<|im_start|>hello wo<|im_end|>')).toEqual([263, 259, 261, 264]);
    expect(tokenizer.encode('e\u0301', PLAIN)).toEqual([0xc3, 0xa9]);
    expect([262, 263, 264, 265, 266, 97].map(tokenizer.isSpecial)).toEqual([true, true, true, false, false, false]);
    expect(tokenizer.addsLeadingSpace).toBe(false);
  });

  test('raw bytes with SentencePiece’s marks: byte-level, no space added, nothing normalised', () => {
    const tokenizer = createTokenizer(madeUp());
    expect(tokenizer.addsLeadingSpace).toBe(false);
    expect(tokenizer.encode('ld')).toEqual([1, 267]);
    expect(tokenizer.encode('<s>ld</s>')).toEqual([1, 267, 2]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text, PLAIN))).toBe(text);
      }),
    );
  });

  test('raw bytes and numbers of three digits: cut as Llama 3 cuts', () => {
    const vocabulary = madeUp();
    const tokenizer = createTokenizer({
      ...vocabulary,
      pieces: [...vocabulary.pieces, new TextEncoder().encode('123')],
    });
    expect(tokenizer.family).toBe('llama3');
  });

  test('a small SentencePiece', () => {
    const tokenizer = createTokenizer(smallSentencePiece());
    expect(tokenizer.family).toBe('llama2');
    expect(tokenizer.encode('hello')).toEqual([1, 263]);
    expect(tokenizer.encode('<|user|>hello')).toEqual([1, 269, 265, 266, 261, 268]);
    expect(tokenizer.encode('\n', PLAIN)).toEqual([264, 3 + 0x0a]);
    expect(tokenizer.pieceBytes(3 + 0x0a)).toEqual(Uint8Array.of(0x0a));
    expect(tokenizer.decode([1, 263])).toBe('hello');
  });

  test('without bytes, what is no token is unknown, once a run', () => {
    const tokenizer = createTokenizer(noBytes());
    expect(tokenizer.encode('abxyab z', PLAIN)).toEqual([5, 0, 5, 6, 0]);
  });

  test('an id that is no token decodes to nothing', () => {
    const tokenizer = createTokenizer(smallQwen());
    expect(tokenizer.decode([97, 5000, -1, 98])).toBe('ab');
  });

  test('lone surrogates are U+FFFD', () => {
    const tokenizer = createTokenizer(smallQwen());
    expect(tokenizer.decode(tokenizer.encode('a\ud800b\udc80', PLAIN))).toBe('a\ufffdb\ufffd');
  });

  test('no vocabulary and no input makes it fail', () => {
    fc.assert(
      fc.property(anyVocabulary, fc.string({ unit: 'binary' }), fc.uint8Array(), (vocabulary, text, bytes) => {
        const tokenizer = createTokenizer(vocabulary);
        for (const special of [true, false]) {
          tokenizer.decode(tokenizer.encode(text, { special }));
          tokenizer.decode(tokenizer.encodeBytes(bytes, { special }));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('equal scores merge from the left, higher scores first', () => {
    const vocabulary = noBytes();
    const pieces = ['a', 'aa', 'aaa', 'b', 'ab', 'ba'].map((text) => new TextEncoder().encode(text));
    const encode = (scores: number[], text: string) =>
      createTokenizer({
        ...vocabulary,
        pieces,
        scores: Float32Array.from(scores),
        bosId: undefined,
        eosIds: [],
      }).encode(text);
    expect(encode([0, 5, 5, 0, 1, 1], 'aaaa')).toEqual([2, 0]);
    expect(encode([0, 5, 4, 0, 1, 1], 'aaaa')).toEqual([1, 1]);
    expect(encode([0, 0, 0, 0, 1, 2], 'aba')).toEqual([0, 5]);
    expect(encode([0, 0, 0, 0, 2, 2], 'aba')).toEqual([4, 0]);
  });
});

describe('assertTokenizerFits', () => {
  test('as many tokens as the model has ids, or fewer', () => {
    const vocabulary = smallQwen();
    assertTokenizerFits(vocabulary, vocabulary.pieces.length);
    assertTokenizerFits(vocabulary, vocabulary.pieces.length + 100);
    expect(() => assertTokenizerFits(vocabulary, 100)).toThrow(TokenizerMismatchError);
    expect(() => assertTokenizerFits(vocabulary, 100)).toThrow(
      'The tokenizer does not fit the model: it has 267 tokens and the model knows 100; use the tokenizer that was made for this model',
    );
  });

  test('begin and end tokens must exist', () => {
    expect(() => assertTokenizerFits({ ...smallQwen(), eosIds: [264, 900] }, 1000)).toThrow('end token is 900');
    expect(() => assertTokenizerFits({ ...smallQwen(), bosId: -1 }, 1000)).toThrow('begin token is -1');
  });
});
