// One suite for all families: token ids and texts equal the original tokenizer's. Each original is loaded once, in a file
// of its own, as vitest gives every file a process.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenizerFamily } from '../../../shared/text/family.ts';
import { createTokenizer, type Tokenizer } from '../../../shared/text/tokenizer.ts';
import { CORPUS } from './corpus.ts';
import { loadOriginal, type Original, type OriginalName } from './originals.ts';

const TEXTS = Object.values(CORPUS);
const OPTIONS = { bos: false, special: false } as const;

export interface IdentityCase {
  readonly name: OriginalName;
  readonly family: TokenizerFamily;
  /** What the npm original, in JavaScript, takes otherwise than the model's makers' own tokenizer; left out here. */
  readonly exclude?: RegExp;
  /** What decoding gives back of a text. Default: the text. */
  readonly restored?: (text: string) => string;
}

/** Any code points; whole graphemes; and snippets of the corpus, which look like real text at odd boundaries. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(
      fc
        .tuple(fc.constantFrom(...TEXTS), fc.nat(), fc.nat({ max: 30 }))
        .map(([text, at, length]) => text.slice(at % (text.length + 1)).slice(0, length)),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join('').toWellFormed()),
);

export function testIdentity({ name, family, exclude, restored = (text) => text }: IdentityCase): {
  original: Original;
  tokenizer: Tokenizer;
} {
  const original = loadOriginal(name);
  const tokenizer = createTokenizer(original.vocabulary);
  // The original takes special tokens in a text for what they name, always; ours are asked not to.
  const special = original.addedTokens.map(({ content }) => content);
  const prepare = (text: string): string => {
    const plain = special.reduce(
      (rest, token) => rest.replaceAll(token, ''),
      exclude ? text.replace(exclude, '') : text,
    );
    return plain === text ? text : prepare(plain);
  };

  describe(`identity with the original ${name} tokenizer`, () => {
    test('the family is recognised', () => expect(tokenizer.family).toBe(family));

    test.each(Object.entries(CORPUS))('corpus: %s', (_, raw) => {
      const text = prepare(raw);
      const ids = tokenizer.encode(text, OPTIONS);
      expect(ids).toEqual(original.encode(text));
      expect(tokenizer.decode(ids)).toBe(restored(text));
      if (ids.length > 0) expect(tokenizer.decode(ids)).toBe(original.decode(ids, { skip_special_tokens: true }));
    });

    test('the whole corpus as one text', () => {
      const text = prepare(TEXTS.join('\n'));
      expect(tokenizer.encode(text, OPTIONS)).toEqual(original.encode(text));
    });

    test('any text', () => {
      fc.assert(
        fc.property(anyText, (raw) => {
          const text = prepare(raw);
          expect(tokenizer.encode(text, OPTIONS)).toEqual(original.encode(text));
        }),
        { numRuns: 4000 },
      );
    });

    test('any text comes back', () => {
      fc.assert(
        fc.property(anyText, (text) => {
          expect(tokenizer.decode(tokenizer.encode(text, OPTIONS))).toBe(restored(text));
        }),
        { numRuns: 2000 },
      );
    });

    // A minute at least, were it quadratic; the limit leaves room for a loaded machine.
    test.each([
      [
        'a megabyte of prose and code',
        TEXTS.join('\n')
          .repeat(Math.ceil(1e6 / TEXTS.join('\n').length))
          .slice(0, 1e6),
      ],
      ['200 KB of one letter', 'a'.repeat(200_000)],
      ['200 KB of one space', ' '.repeat(200_000)],
      ['200 KB of one syllable', '가'.repeat(66_000)],
    ])('%s takes seconds at most', (_, text) => {
      const startedAt = performance.now();
      const ids = tokenizer.encode(text, OPTIONS);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(tokenizer.decode(ids)).toBe(restored(text));
    });

    test('exactly the special tokens are hidden', () => {
      const hidden = original.vocabulary.pieces.flatMap((_, id) => (tokenizer.isSpecial(id) ? [id] : []));
      expect(hidden).toEqual(original.addedTokens.flatMap(({ id, special }) => (special ? [id] : [])));
    });

    test('every added token is one token where special tokens are wanted, and plain text where not', () => {
      for (const { id, content } of original.addedTokens) {
        expect(tokenizer.encode(content, { bos: false })).toEqual([id]);
        expect(tokenizer.encode(content, OPTIONS)).not.toContain(id);
        expect(tokenizer.decode([id], { skipSpecial: false })).toBe(content);
      }
    });
  });
  return { original, tokenizer };
}

/** Texts with special tokens between and inside. */
export const textWithSpecials = (original: Original) =>
  fc
    .array(fc.oneof(anyText, fc.constantFrom(...original.addedTokens.map(({ content }) => content))), { maxLength: 8 })
    .map((parts) => parts.join('').toWellFormed());

/** Bytes that are mostly nearly UTF-8. */
export const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.tuple(anyText, fc.nat(), fc.nat({ max: 12 })).map(([text, at, length]) => {
        const bytes = new TextEncoder().encode(text);
        return bytes.subarray(at % (bytes.length + 1)).subarray(0, length);
      }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))
  .filter((bytes) => bytes.length > 0);

export const bytesOf = (tokenizer: Tokenizer, ids: readonly number[]): number[] =>
  ids.flatMap((id) => [...tokenizer.pieceBytes(id)]);
