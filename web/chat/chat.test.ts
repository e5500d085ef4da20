import { afterEach, expect, test } from 'vitest';
import type { StreamEvent } from '../server/chat-stream.ts';
import { HealthWatch } from '../server/health-watch.ts';
import type { Server } from '../server/server.ts';
import { RefusedError } from '../server/server-errors.ts';
import type { ConversationStore } from '../storage/conversation-store.ts';
import { createMemoryStore } from '../storage/memory-store.ts';
import { createPreferences } from '../storage/preferences.ts';
import { type Channel, createTabs } from '../storage/tabs.ts';
import { Chat } from './chat.ts';
import { type Answer, newAnswer, newConversation, newQuestion, withTurn } from './conversation.ts';

const channels: InstanceType<typeof BroadcastChannel>[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
});

const reply = (body: Record<string, unknown>): string =>
  `re: ${(body.messages as { content: string }[]).at(-1)!.content.split('\n').at(-1)}`;

async function* answering(body: Record<string, unknown>): AsyncGenerator<StreamEvent, void, undefined> {
  yield { type: 'text', text: reply(body) };
  yield { type: 'end', reason: 'stop' };
}

/** Writes one word and then waits to be stopped. */
async function* hanging(_: unknown, signal: AbortSignal): AsyncGenerator<StreamEvent, void, undefined> {
  yield { type: 'text', text: 'Once' };
  await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

async function openTab(
  store: ConversationStore = createMemoryStore(),
  ask: Server['chat'] = answering,
  name: string = crypto.randomUUID(),
) {
  const channel = new BroadcastChannel(name);
  channels.push(channel);
  const watch = new HealthWatch(async () => ({ kind: 'ready', model: 'm', context: 512 }));
  await watch.check();
  const server: Server = { health: async () => undefined, chat: ask, share: () => Promise.reject(new Error('unused')) };
  const preferences = createPreferences(undefined, undefined);
  return new Chat({
    store,
    server,
    watch,
    tabs: createTabs(channel as unknown as Channel),
    preferences,
    nextFrame: (draw) => void setTimeout(draw),
  });
}

const texts = (chat: Chat): string[] => chat.shown.messages.map(({ text }) => text);
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('a chat is kept from its first message on', async () => {
  const store = createMemoryStore();
  const chat = await openTab(store);
  expect(await store.list()).toEqual([]);
  await chat.send('Hello');
  expect(texts(chat)).toEqual(['Hello', 're: Hello']);
  expect((await store.list()).map(({ title }) => title)).toEqual(['Hello']);
  expect((await store.get(chat.current.id))!.messages[1]).toMatchObject({ text: 're: Hello', state: 'done' });
});

test('nothing is sent while an answer is being written, or without text', async () => {
  const chat = await openTab(undefined, hanging);
  await chat.send('  ');
  expect(texts(chat)).toEqual([]);
  const first = chat.send('One');
  await until(() => texts(chat)[1] === 'Once');
  await chat.send('Two');
  expect(texts(chat)).toEqual(['One', 'Once']);
  await chat.stop();
  await first;
  expect(chat.shown.messages[1]).toMatchObject({ text: 'Once', state: 'stopped' });
});

test('writes an answer anew, and a question otherwise', async () => {
  const chat = await openTab();
  await chat.send('One');
  await chat.send('Two');
  await chat.regenerate(chat.shown.messages[1]!.id);
  expect(texts(chat)).toEqual(['One', 're: One']);
  await chat.send('Three');
  await chat.resend(chat.shown.messages[0]!.id, 'Uno');
  expect(texts(chat)).toEqual(['Uno', 're: Uno']);
});

test('a question that is changed while it is answered stops that answer', async () => {
  let asked = 0;
  const chat = await openTab(undefined, (body, signal) => (asked++ === 0 ? hanging(body, signal) : answering(body)));
  const first = chat.send('One');
  await until(() => texts(chat)[1] === 'Once');
  await chat.resend(chat.shown.messages[0]!.id, 'Uno');
  await first;
  expect(texts(chat)).toEqual(['Uno', 're: Uno']);
});

test('an answer goes on while another chat is open', async () => {
  const store = createMemoryStore();
  let release = (): void => {};
  const chat = await openTab(store, async function* (body) {
    yield { type: 'text', text: 'slow ' };
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    yield* answering(body);
  });
  const first = chat.send('One');
  await until(() => texts(chat)[1] === 'slow ');
  const { id } = chat.current;
  chat.startNew();
  expect(chat.isRunning(id)).toBe(true);
  expect(texts(chat)).toEqual([]);
  release();
  await first;
  expect(texts(chat)).toEqual([]);
  await chat.open(id);
  expect(texts(chat)).toEqual(['One', 'slow re: One']);
});

test('a deleted chat comes back whole', async () => {
  const store = createMemoryStore();
  const chat = await openTab(store);
  await chat.send('One');
  const { id } = chat.current;
  await chat.remove(id);
  expect([texts(chat), await store.list()]).toEqual([[], []]);
  chat.notice!.action!.run();
  await until(() => chat.entries.length === 1 && chat.current.id === id);
  expect(texts(chat)).toEqual(['One', 're: One']);
});

test('settings of a new chat are kept with its first message', async () => {
  const store = createMemoryStore();
  const bodies: Record<string, unknown>[] = [];
  const chat = await openTab(store, (body) => {
    bodies.push(body);
    return answering(body);
  });
  await chat.setSettings({ system: 'Be kind', stop: [], numbers: { temperature: 0.3 } });
  expect(await store.list()).toEqual([]);
  await chat.send('One');
  expect(bodies[0]).toMatchObject({
    model: 'm',
    temperature: 0.3,
    messages: [{ role: 'system', content: 'Be kind' }, {}],
  });
  expect((await store.get(chat.current.id))!.settings.system).toBe('Be kind');
});

test('asks for a key once, and sends again with it', async () => {
  let asked = 0;
  const chat = await openTab(undefined, (body) => {
    if (asked++ === 0) throw new RefusedError('No key', 401, 'invalid_api_key');
    return answering(body);
  });
  const sent = chat.send('One');
  await until(() => chat.keyWanted !== undefined);
  chat.keyWanted!('secret');
  await sent;
  expect(texts(chat)).toEqual(['One', 're: One']);
  expect([chat.preferences.key, chat.keyWanted]).toEqual(['secret', undefined]);
});

test('two tabs that write in one chat lose nothing of each other', async () => {
  const store = createMemoryStore();
  const name = crypto.randomUUID();
  const here = await openTab(store, answering, name);
  await here.send('One');
  const there = await openTab(store, answering, name);
  await there.open(here.current.id);
  await Promise.all([here.send('here'), there.send('there')]);
  const isWhole = (chat: Chat): boolean => texts(chat).filter((text) => text !== '').length === 6;
  await until(() => isWhole(here) && isWhole(there));
  expect(texts(here).toSorted()).toEqual(['One', 'here', 're: One', 're: here', 're: there', 'there']);
  expect(texts(there)).toEqual(texts(here));
});

test('what another tab is writing is seen, and is not taken for lost', async () => {
  const store = createMemoryStore();
  const name = crypto.randomUUID();
  const here = await openTab(store, hanging, name);
  const sent = here.send('One');
  await until(() => texts(here)[1] === 'Once');
  const there = await openTab(store, answering, name);
  await there.open(here.current.id);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(there.shown.messages[1]).toMatchObject({ text: 'Once', state: 'running' });
  await here.stop();
  await sent;
  await until(() => (there.shown.messages[1] as Answer).state === 'stopped');
});

test('the last words before a reload are not lost', async () => {
  const store = createMemoryStore();
  const before = await openTab({ ...store, update: async () => undefined, put: (all) => store.put(all) }, hanging);
  void before.send('One');
  await until(() => texts(before)[1] === 'Once');
  before.leave();
  const after = await openTab(store);
  after.preferences.unsaved = before.preferences.unsaved;
  await after.arrive();
  await after.open(before.current.id);
  expect(after.shown.messages[1]).toMatchObject({ text: 'Once', state: 'cut' });
  expect(after.preferences.unsaved).toBe('');
  await before.stop();
});

test('an answer whose writer is gone is marked as cut off', async () => {
  const store = createMemoryStore();
  const left = withTurn(newConversation(1), newQuestion('One', 1), { ...newAnswer(1), text: 'On' });
  await store.put([left]);
  const chat = await openTab(store);
  await chat.open(left.id);
  await until(() => (chat.shown.messages[1] as Answer).state === 'cut');
  expect(texts(chat)).toEqual(['One', 'On']);
});

test('imports what is newer, and keeps what is newer here', async () => {
  const chat = await openTab();
  await chat.send('One');
  const file = await chat.exported();
  await chat.rename(chat.current.id, 'Renamed');
  await chat.importFrom(file);
  expect(chat.notice?.text).toBe('0 of 1 chats imported');
  expect(chat.entries.map(({ title }) => title)).toEqual(['Renamed']);
  const other = await openTab();
  await other.importFrom(file);
  expect(other.entries.map(({ title }) => title)).toEqual(['One']);
});

test('says what is wrong with a file', async () => {
  const chat = await openTab();
  await chat.guarded(() => chat.importFrom('{}'));
  expect(chat.notice?.text).toContain('its "format" is not');
});
