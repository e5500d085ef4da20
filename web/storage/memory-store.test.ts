import { expect, test } from 'vitest';
import { newAnswer, newConversation, newQuestion, withTurn } from '../chat/conversation.ts';
import { createMemoryStore } from './memory-store.ts';

const talk = (text: string, at: number) => withTurn(newConversation(at), newQuestion(text, at), newAnswer(at));

test('lists what it keeps, the last changed first', async () => {
  const store = createMemoryStore();
  const [old, young] = [talk('old', 1), talk('young', 2)];
  await store.put([old, young]);
  expect((await store.list()).map(({ title }) => title)).toEqual(['young', 'old']);
  await store.update(old.id, (one) => ({ ...one, updatedAt: 3 }));
  expect((await store.all()).map(({ id }) => id)).toEqual([old.id, young.id]);
  await store.remove(old.id);
  expect(await store.get(old.id)).toBeUndefined();
});

test('changes only what is there', async () => {
  const store = createMemoryStore();
  expect(await store.update('nobody', (one) => one)).toBeUndefined();
  expect(await store.list()).toEqual([]);
});

test('finds at most as many as asked for', async () => {
  const store = createMemoryStore();
  await store.put([talk('a fox', 1), talk('a foxglove', 2), talk('a hen', 3)]);
  const signal = new AbortController().signal;
  expect((await store.search('fox', 5, signal)).map(({ title }) => title)).toEqual(['a foxglove', 'a fox']);
  expect(await store.search('fox', 1, signal)).toHaveLength(1);
});
