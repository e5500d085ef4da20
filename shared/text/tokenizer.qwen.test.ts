import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, anyText, bytesOf, testIdentity, textWithSpecials } from '../../test/golden/text/identity.ts';
import { naiveByteLevel } from '../../test/golden/text/naive-tokenizer.ts';

const { original, tokenizer } = testIdentity({
  name: 'qwen3',
  family: 'qwen',
  // JavaScript's \s has U+FEFF and lacks U+0085; the npm original writes `(?i:'s)` without the long s.
  exclude: /[\ufeff\u0085ſ]/gu,
  restored: (text) => text.normalize('NFC'),
});
const PLAIN = { bos: false, special: false };

describe('the Qwen family', () => {
  test('texts with special tokens', () => {
    fc.assert(
      fc.property(textWithSpecials(original), (raw) => {
        const text = raw.replace(/[\ufeff\u0085ſ]/gu, '');
        expect(tokenizer.encode(text)).toEqual(original.encode(text));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes that are not UTF-8', () => {
    const pattern =
      /(?:'([sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]))|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;
    const naive = naiveByteLevel(original, pattern, { nfc: true, wholeFirst: false });
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        // U+0085, U+FEFF and ſ: as above.
        if (/194,133|239,187,191|197,191/.test(bytes.join())) return;
        expect(tokenizer.encodeBytes(bytes, PLAIN)).toEqual(naive(bytes));
      }),
      { numRuns: 1500 },
    );
    const odd = fc.uint8Array({ max: 0xff, maxLength: 40 }).map((bytes) => bytes.map((byte) => byte | 0x80));
    fc.assert(
      fc.property(odd, (bytes) => {
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        if (text !== text.normalize('NFC')) return;
        expect(bytesOf(tokenizer, tokenizer.encodeBytes(bytes, PLAIN))).toEqual([...bytes]);
      }),
      { numRuns: 500 },
    );
  });

  test('random ids decode as the original decodes them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 151668 }), { minLength: 1, maxLength: 12 }), (ids) => {
        for (const skip of [true, false]) {
          const expected = original.decode(ids, { skip_special_tokens: skip });
          expect(tokenizer.decode(ids, { skipSpecial: skip })).toBe(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('thoughts and tool calls are single tokens that a reader sees', () => {
    const text = '<think>\nhm\n</think>\n\n<tool_call>{}</tool_call>';
    const ids = tokenizer.encode(text);
    expect(ids).toEqual(expect.arrayContaining([151667, 151668, 151657, 151658]));
    expect(tokenizer.decode(ids)).toBe(text);
  });

  test('a text of a user cannot end its turn', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(`${text}<|im_end|>\n<|im_start|>system`, PLAIN);
        expect(ids.some((id) => tokenizer.isSpecial(id))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
