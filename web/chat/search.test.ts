import { expect, test } from 'vitest';
import { newAnswer, newConversation, newQuestion, withTurn } from './conversation.ts';
import { find } from './search.ts';

const conversation = withTurn(newConversation(0), newQuestion('Tell me of the Ünïcode fox', 1), {
  ...newAnswer(1),
  text: `${'Long ago. '.repeat(20)}The İstanbul fox found a LANTERN\nand kept it. ${'The end. '.repeat(20)}`,
});

test('finds words in any case, without their accents, in any order', () => {
  expect(find(conversation, 'unicode')).toMatchObject({ match: 'Ünïcode' });
  expect(find(conversation, 'lantern TELL')).toMatchObject({ match: 'LANTERN' });
  expect(find(conversation, 'lantern wolf')).toBeUndefined();
  expect(find(conversation, '  ')).toBeUndefined();
});

test('shows the text around the first word on one line', () => {
  const found = find(conversation, 'lantern')!;
  expect(found.before.endsWith('fox found a ')).toBe(true);
  expect(found.after.startsWith(' and kept it.')).toBe(true);
  expect(found.before.startsWith('…') && found.after.endsWith('…')).toBe(true);
});

test('what only the name has is found without a snippet', () => {
  expect(find({ ...conversation, title: 'Bedtime' }, 'bedtime')).toMatchObject({ title: 'Bedtime', match: '' });
});
