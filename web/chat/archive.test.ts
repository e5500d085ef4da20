import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromArchive, NotAnArchiveError, toArchive } from './archive.ts';
import { type Answer, newAnswer, newConversation, newQuestion, withTurn } from './conversation.ts';

const answer: Answer = {
  ...newAnswer(2),
  text: 'Yes',
  state: 'length',
  model: 'm',
  promptTokens: 3,
  answerTokens: 4,
  firstTokenMs: 5.5,
  tokensPerSecond: 6.5,
  problem: { message: 'p', code: 'c' },
};
const conversation = withTurn(newConversation(1), newQuestion('Is it?', 2), answer);
const archive = (conversations: unknown) =>
  JSON.stringify({ format: 'shoal-conversations', version: 1, conversations });

test('what is exported is imported as it was', () => {
  expect(fromArchive(toArchive([conversation]))).toEqual([conversation]);
});

test('an answer that was being written comes back as cut off', () => {
  const running = withTurn(newConversation(1), newQuestion('?', 2), newAnswer(2));
  expect(fromArchive(toArchive([running]))[0]!.messages[1]).toMatchObject({ state: 'cut' });
});

test.each([
  ['{', 'it is not JSON'],
  ['[]', 'the file is not an object'],
  ['{}', '"format"'],
  ['{"format":"shoal-conversations","version":2}', 'version 2'],
  [archive({}), 'conversations is not a list'],
  [archive([5]), 'conversations[0] is not an object'],
  [archive([{ ...conversation, updatedAt: 'x' }]), 'conversations[0].updatedAt is not a time'],
  [archive([{ ...conversation, messages: [{ role: 'system', id: 'a', text: '', at: 1 }] }]), 'messages[0].role'],
  [
    archive([{ ...conversation, messages: [{ role: 'user', id: 'a', text: 1, at: 1 }] }]),
    'messages[0].text is not a text',
  ],
])('%s is refused', (text, cause) => {
  expect(() => fromArchive(text)).toThrow(NotAnArchiveError);
  expect(() => fromArchive(text)).toThrow(cause);
});

test('ids that could be anything else in an address are replaced, unknown fields dropped', () => {
  const [found] = fromArchive(archive([{ ...conversation, id: '../x"', evil: 1 }]));
  expect(found!.id).toMatch(/^[0-9a-f]{24}$/);
  expect(found).not.toHaveProperty('evil');
});

test('any JSON is either read or refused with a reason', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        expect(fromArchive(archive(value))).toBeInstanceOf(Array);
      } catch (error) {
        expect(error).toBeInstanceOf(NotAnArchiveError);
      }
    }),
  );
});
