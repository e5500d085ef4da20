import { expect, test } from 'vitest';
import { eventStream } from './sse.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const read = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();
const quiet = { onError: () => {} };

test('an event for each chunk, and an end', async () => {
  async function* chunks(): AsyncGenerator<object, void, undefined> {
    yield { a: 'ä\n' };
    await sleep(5);
    yield { b: 2 };
  }
  expect(await read(eventStream(chunks(), () => {}, quiet))).toBe(
    'data: {"a":"ä\\n"}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n',
  );
});

test('comments while nothing comes, and nothing is lost by them', async () => {
  async function* chunks(): AsyncGenerator<object, void, undefined> {
    await sleep(80);
    yield { a: 1 };
  }
  const text = await read(eventStream(chunks(), () => {}, { ...quiet, keepAliveMs: 20 }));
  expect(text).toMatch(/^(: keep-alive\n\n)+data: \{"a":1\}\n\ndata: \[DONE\]\n\n$/);
});

test('an error in the middle is told, and ends it', async () => {
  async function* chunks(): AsyncGenerator<object, void, undefined> {
    yield { a: 1 };
    throw new Error('a secret path');
  }
  const errors: unknown[] = [];
  const text = await read(eventStream(chunks(), () => {}, { onError: (error) => errors.push(error) }));
  expect(text).toMatch(/^data: \{"a":1\}\n\ndata: \{"error":\{"message":"[^"]+","type":"server_error".*\}\}\n\n$/);
  expect(text).not.toContain('secret');
  expect(errors).toHaveLength(1);
});

test('a reader that leaves cancels, also while nothing comes', async () => {
  const never = Promise.withResolvers<void>();
  async function* chunks(): AsyncGenerator<object, void, undefined> {
    await never.promise;
    yield {};
  }
  let cancelled = 0;
  const reader = eventStream(chunks(), () => cancelled++, { ...quiet, keepAliveMs: 5 }).getReader();
  await reader.read();
  await reader.cancel();
  expect(cancelled).toBe(1);
  never.resolve();
});
