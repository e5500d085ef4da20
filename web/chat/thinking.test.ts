import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partsOf } from './thinking.ts';

test('tells thoughts from text', () => {
  expect(partsOf('<think>\nHm.\n</think>\n\nYes.')).toEqual({ thinking: 'Hm.', text: 'Yes.', isThinking: false });
  expect(partsOf('Yes.')).toEqual({ thinking: '', text: 'Yes.', isThinking: false });
  expect(partsOf('<think></think>Yes.')).toEqual({ thinking: '', text: 'Yes.', isThinking: false });
});

test('an end whose beginning was in the prompt counts', () => {
  expect(partsOf('Hm.</think>Yes.')).toEqual({ thinking: 'Hm.', text: 'Yes.', isThinking: false });
});

test('tags later in the text, or in code, are text', () => {
  expect(partsOf('Write <think> there.').text).toBe('Write <think> there.');
  expect(partsOf('So:\n```\n</think>\n```').text).toBe('So:\n```\n</think>\n```');
});

test('while it thinks no tag is ever seen, nor a part of one', () => {
  const whole = '<think>One two</think>Three';
  fc.assert(
    fc.property(fc.nat({ max: whole.length }), (length) => {
      const { thinking, text, isThinking } = partsOf(whole.slice(0, length));
      expect('One two'.startsWith(thinking)).toBe(true);
      expect('Three'.startsWith(text)).toBe(true);
      expect(isThinking).toBe(length > 0 && length < whole.indexOf('Three'));
    }),
  );
});
