import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteStringOfBytes, byteStringOfText, characterLength, textOfBytes } from './utf8.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('text becomes its UTF-8 bytes and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(byteStringOfText(text)).toBe(byteStringOfBytes(encode(text)));
      expect(textOfBytes(encode(text))).toBe(text);
    }),
  );
});

test('any bytes survive the way through text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(byteStringOfText(textOfBytes(bytes))).toBe(byteStringOfBytes(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('a character is what a strict decoder takes', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const isCharacter = (bytes: Uint8Array): boolean => {
    try {
      return [...decoder.decode(bytes)].length === 1;
    } catch {
      return false;
    }
  };
  // All pairs of first bytes, with the edges of what may follow.
  const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (let first = 0x80; first < 0x100; first++) {
    for (const second of edges) {
      for (const third of edges) {
        const bytes = Uint8Array.of(first, second, third, 0x80);
        const expected = [1, 2, 3, 4].find((length) => isCharacter(bytes.subarray(0, length))) ?? 0;
        expect(characterLength(byteStringOfBytes(bytes), 0)).toBe(expected);
      }
    }
  }
  expect(characterLength('\xe2\x82', 0)).toBe(0);
});
