import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallQwen, smallSentencePiece } from '../../test/golden/text/small-vocabularies.ts';
import { createDetokenizer } from './detokenizer.ts';
import { createTokenizer } from './tokenizer.ts';

const qwen = createTokenizer(smallQwen());
const llama2 = createTokenizer(smallSentencePiece());
const nearlyText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => [...new TextEncoder().encode(text)]),
  fc.array(fc.nat({ max: 255 })),
);
const anyIds = fc
  .array(fc.oneof(nearlyText, fc.array(fc.nat({ max: 270 }))), { maxLength: 6 })
  .map((parts) => parts.flat());

describe('streaming', () => {
  test.each([true, false])('gives what the whole text gives (skipSpecial %s)', (skipSpecial) => {
    fc.assert(
      fc.property(anyIds, (ids) => {
        const detokenizer = createDetokenizer(qwen, { skipSpecial });
        const parts = [...ids.map((id) => detokenizer.push(id)), detokenizer.flush()];
        const bytes = ids.flatMap((id) => (skipSpecial && qwen.isSpecial(id) ? [] : [...qwen.pieceBytes(id)]));
        expect(parts.join('')).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)));
        for (const part of parts) expect(part.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('a character comes with its last byte, no sooner and no later', () => {
    const detokenizer = createDetokenizer(qwen);
    expect([0xf0, 0x9f, 0x90, 0x9f, 0x61].map(detokenizer.push)).toEqual(['', '', '', '🐟', 'a']);
    expect([0xe2, 0x82].map(detokenizer.push)).toEqual(['', '']);
    expect(detokenizer.flush()).toBe('\ufffd');
    expect(detokenizer.push(0x62)).toBe('b');
  });

  test('a hidden mark between the bytes of a character does not break it', () => {
    expect(qwen.decode([0xc3, 264, 0xa9])).toBe('é');
    expect(qwen.decode([0xc3, 264, 0xa9], { skipSpecial: false })).toBe('\ufffd<|im_end|>\ufffd');
  });

  test('a byte order mark is text', () => expect(qwen.decode([0xef, 0xbb, 0xbf, 0x61])).toBe('\ufeffa'));
});

describe('the space before the first word', () => {
  const hello = 263;
  const space = 264;
  const user = 269;

  test('is dropped once, at the start', () => {
    expect(llama2.decode([1, hello, hello])).toBe('hello hello');
    expect(llama2.decode([space, hello])).toBe(' hello');
    expect(llama2.decode([3 + 0x20, hello])).toBe(' hello');
  });

  test('stays where the ids continue a text', () => {
    expect(llama2.decode([hello], { continues: true })).toBe(' hello');
  });

  test('stays after a special token, as encoding adds none there', () => {
    const text = '<|user|> hello';
    expect(llama2.encode(text)).toEqual([1, user, hello]);
    expect(llama2.decode(llama2.encode(text, { bos: false }), { skipSpecial: false })).toBe(text);
    expect(llama2.decode([user, hello])).toBe(' hello');
  });

  test('is there after a begin token that the text itself has, as Llama 2 chat templates write it', () => {
    expect(llama2.encode('<s>hello')).toEqual([1, hello]);
    expect(llama2.decode([1, hello])).toBe('hello');
  });

  test('is nothing to other families', () => expect(qwen.decode([0x20, 0x61])).toBe(' a'));

  test('flush begins a new text', () => {
    const detokenizer = createDetokenizer(llama2);
    expect(detokenizer.push(hello) + detokenizer.flush() + detokenizer.push(hello)).toBe('hellohello');
  });
});
