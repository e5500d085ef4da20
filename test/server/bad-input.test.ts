// What strangers send: the documented error or nothing, and whoever behaves is served as before.

import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer } from './server-process.ts';

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const chat = { model: 'shoal-demo', max_tokens: 3, messages: [{ role: 'user', content: 'Tell me a story.' }] };

const post = (body: string | Uint8Array<ArrayBuffer>, path = '/v1/chat/completions'): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body });

async function errorOf(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get('content-type')).toMatch('application/json');
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  return error;
}

// The server lives, and nothing of what was sent is still at work.
afterEach(async () => {
  const answer = await post(JSON.stringify(chat));
  expect(answer.status).toBe(200);
  const health = (await (await fetch(`${server.url}/health`)).json()) as { running: number; waiting: number };
  expect(health).toMatchObject({ status: 'ok', running: 0, waiting: 0 });
});

function socket(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const opened = connect(server.port, '127.0.0.1', () => resolve(opened));
    opened.on('error', reject);
  });
}

test.each([
  ['nothing', ''],
  ['half of it', '{"model":"shoal-demo","mess'],
  ['HTML', '<script>alert(1)</script>'],
  ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x7b, 0])],
  ['a number', '7'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a deep one', `${'['.repeat(100_000)}`],
  ['a prototype', '{"__proto__":{"model":"shoal-demo"},"messages":[]}'],
])('malformed: %s', async (_, body) => {
  const answer = await post(body);
  expect(answer.status).toBe(400);
  expect(await errorOf(answer)).toMatchObject({ type: 'invalid_request_error' });
});

test.each([
  ['model', { ...chat, model: 4 }],
  ['messages', { ...chat, messages: 'hello' }],
  ['messages[0]', { ...chat, messages: [null] }],
  ['messages[0].role', { ...chat, messages: [{ role: 'god', content: '' }] }],
  ['max_tokens', { ...chat, max_tokens: '5' }],
  ['max_tokens', { ...chat, max_tokens: -1 }],
  ['max_tokens', { ...chat, max_tokens: 1e300 }],
  ['temperature', { ...chat, temperature: null, top_p: 0.5, n: 0 }],
  ['seed', { ...chat, seed: 0.5 }],
  ['stop', { ...chat, stop: Array(1000).fill('a') }],
  ['logit_bias.fox', { ...chat, logit_bias: { fox: 1 } }],
  ['stream', { ...chat, stream: 'yes' }],
  ['tools[0].function.name', { ...chat, tools: [{ type: 'function', function: { name: 'rm -rf' } }] }],
  ['tool_choice', { ...chat, tool_choice: 'required' }],
  ['response_format.type', { ...chat, response_format: { type: 'xml' } }],
])('wrong type: %s', async (param, body) => {
  const answer = await post(JSON.stringify(body));
  expect(answer.status).toBe(400);
  const error = await errorOf(answer);
  expect(error.param).toBe(param === 'temperature' ? 'n' : param);
  expect(error.message).not.toMatch(/undefined|\[object/);
});

test('token ids that are none', async () => {
  const answer = await post(JSON.stringify({ model: 'shoal-demo', prompt: [1, 99_999] }), '/v1/completions');
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).message).toMatch(/token 99999/);
});

test('ten megabytes', async () => {
  const body = JSON.stringify({ ...chat, messages: [{ role: 'user', content: 'a'.repeat(10_000_000) }] });
  const answer = await post(body);
  expect(answer.status).toBe(413);
  expect(await errorOf(answer)).toMatchObject({ code: 'request_too_large' });
  // Without saying how long it will be.
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 10; i++) controller.enqueue(new Uint8Array(1_000_000).fill(0x20));
      controller.close();
    },
  });
  const chunked = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    body: pieces,
    duplex: 'half',
  } as RequestInit);
  expect(chunked.status).toBe(413);
});

test('other methods and paths', async () => {
  for (const [method, path] of [
    ['GET', '/v1/chat/completions'],
    ['POST', '/v1/nope'],
    ['DELETE', '/v1/models'],
    ['GET', '/../../etc/passwd'],
  ]) {
    const answer = await fetch(server.url + path!, { method: method! });
    expect(answer.status).toBe(404);
    expect(await errorOf(answer)).toMatchObject({ code: 'unknown_url' });
  }
});

test('no HTTP at all', async () => {
  for (const bytes of [
    '\x16\x03\x01\x02',
    'SHOAL\0\0\0',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
  ]) {
    const stranger = await socket();
    stranger.on('error', () => {});
    stranger.end(bytes);
    await new Promise((resolve) => stranger.on('close', resolve).resume());
  }
});

test('an upload that breaks off', async () => {
  const stranger = await socket();
  stranger.write('POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"model":"sho');
  await new Promise((resolve) => setTimeout(resolve, 50));
  stranger.destroy();
});

test('five hundred idle sockets, and slow ones among them', async () => {
  const sockets = await Promise.all(Array.from({ length: 500 }, socket));
  for (const one of sockets.slice(0, 50)) one.write('POST /v1/chat/completions HTTP/1.1\r\nHo');
  const answer = await post(JSON.stringify(chat));
  expect(answer.status).toBe(200);
  for (const one of sockets) one.destroy();
});

test('a client that reads nothing holds nobody else up', async () => {
  const slow = await socket();
  slow.pause();
  const body = JSON.stringify({ ...chat, max_tokens: 900, n: 8, stream: true, logprobs: true, top_logprobs: 20 });
  slow.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await post(JSON.stringify(chat))).status).toBe(200);
  slow.destroy();
  const running = async (): Promise<number> =>
    ((await (await fetch(`${server.url}/health`)).json()) as { running: number }).running;
  await expect.poll(running, { timeout: 5000 }).toBe(0);
});
