import { expect, test } from 'vitest';
import {
  type Answer,
  before,
  newAnswer,
  newConversation,
  newId,
  newQuestion,
  titleOf,
  withAnswer,
  withEdit,
  withRetry,
  withTurn,
} from './conversation.ts';

const texts = (conversation: { messages: readonly { text: string }[] }) =>
  conversation.messages.map(({ text }) => text);

const written = (text: string, at: number): Answer => ({ ...newAnswer(at), text, state: 'done' });
const first = { question: newQuestion('Q1', 10), answer: written('A1', 10) };
const second = { question: newQuestion('Q2', 20), answer: written('A2', 20) };
const both = [first, second].reduce(
  (conversation, { question, answer }) => withTurn(conversation, question, answer),
  newConversation(5),
);

test('turns are put behind each other', () => {
  expect(texts(both)).toEqual(['Q1', 'A1', 'Q2', 'A2']);
  expect(both.updatedAt).toBe(20);
});

test('an answer takes the place of the one with its id', () => {
  const changed = withAnswer(both, { ...first.answer, text: 'A1 more' }, 30);
  expect(texts(changed)).toEqual(['Q1', 'A1 more', 'Q2', 'A2']);
  expect(changed.updatedAt).toBe(30);
});

test('an answer that was taken out stays out', () => {
  const without = withRetry(both, first.answer.id, written('B1', 40));
  expect(withAnswer(without, { ...second.answer, text: 'late' }, 50)).toBe(without);
});

test('a retry and an edit replace what came after', () => {
  expect(texts(withRetry(both, first.answer.id, written('B1', 40)))).toEqual(['Q1', 'B1']);
  const edited = withEdit(both, { ...second.question, text: 'Q2 otherwise' }, written('B2', 40));
  expect(texts(edited)).toEqual(['Q1', 'A1', 'Q2 otherwise', 'B2']);
});

test('what another tab added meanwhile is kept', () => {
  const here = withTurn(both, newQuestion('here', 31), written('mine', 31));
  const merged = withTurn(here, newQuestion('there', 32), written('yours', 32));
  expect(texts(merged).slice(4)).toEqual(['here', 'mine', 'there', 'yours']);
});

test('in front of a message that is not there are all', () => {
  expect(before(both, second.question.id)).toHaveLength(2);
  expect(before(both, 'nobody')).toHaveLength(4);
});

test('a title is the name, else how the first question begins', () => {
  expect(titleOf(newConversation(0))).toBe('New chat');
  expect(titleOf({ ...both, title: 'Mine' })).toBe('Mine');
  expect(titleOf(withTurn(newConversation(0), newQuestion(' a\n b ', 1), newAnswer(1)))).toBe('a b');
  const long = titleOf(withTurn(newConversation(0), newQuestion('🐟'.repeat(100), 1), newAnswer(1)));
  expect(long).toBe(`${'🐟'.repeat(79)}…`);
});

test('ids differ', () => {
  expect(new Set(Array.from({ length: 1000 }, newId)).size).toBe(1000);
  expect(newId()).toMatch(/^[0-9a-f]{24}$/);
});
