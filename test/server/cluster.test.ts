// The API over a cluster: the same answers, and a stream goes on when a worker is killed in the middle of it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Running, startShoal } from '../cli/shoal-process.ts';
import { type ServerProcess, startServer } from './server-process.ts';

let cache: string;
const workers: Running[] = [];
let alone: ServerProcess;
let cluster: ServerProcess;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'shoal-cache-'));
  const env = { SHOAL_KEY: 'test', XDG_CACHE_HOME: cache };
  const addresses = [await startWorker(env), await startWorker(env)];
  const exact = ['--buffer-float-type', 'f32', '--slots', '4'];
  alone = await startServer(exact);
  cluster = await startServer([...exact, '--layout', 'tp', '--workers', ...addresses], { env });
});
afterAll(async () => {
  for (const { child } of workers) child.kill('SIGKILL');
  await cluster[Symbol.asyncDispose]();
  await alone[Symbol.asyncDispose]();
  await rm(cache, { recursive: true, force: true });
});

async function startWorker(env: NodeJS.ProcessEnv): Promise<string> {
  const worker = startShoal(['worker', '--port', '0', '--nthreads', '1'], env);
  workers.push(worker);
  return new Promise((resolve, reject) => {
    let text = '';
    worker.child.stderr.on('data', (more) => {
      text += more;
      const found = /root at (\S+:\d+)/.exec(text);
      if (found) resolve(found[1]!);
    });
    worker.ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
}

const body = (maxTokens: number, stream: boolean): string =>
  JSON.stringify({
    ...{ model: 'shoal-demo', temperature: 0, max_tokens: maxTokens, stream },
    messages: [{ role: 'user', content: 'Tell me a story about a fox and a lantern.' }],
  });

const post = (server: ServerProcess, ...args: Parameters<typeof body>): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: body(...args) });

async function textOf(server: ServerProcess, maxTokens: number): Promise<string> {
  const answer = (await (await post(server, maxTokens, false)).json()) as {
    choices: { message: { content: string } }[];
  };
  return answer.choices[0]!.message.content;
}

test('several requests at a time, each with the answer that it gets alone', async () => {
  const expected = await textOf(alone, 12);
  const texts = await Promise.all(Array.from({ length: 6 }, () => textOf(cluster, 12)));
  expect(new Set(texts)).toEqual(new Set([expected]));
});

test('a worker that is killed in the middle of an answer is no part of it', async () => {
  const expected = await textOf(alone, 300);
  const answer = await post(cluster, 300, true);
  let text = '';
  let killed = false;
  const decoder = new TextDecoder();
  for await (const bytes of answer.body!) {
    text += decoder.decode(bytes, { stream: true });
    if (!killed && text.split('\n\n').length > 10) killed = workers[0]!.child.kill('SIGKILL');
  }
  expect(killed).toBe(true);
  const events = text.split('\n\n').filter((line) => line.startsWith('data: {'));
  const said = events.map((line) => JSON.parse(line.slice(6)).choices[0].delta.content ?? '').join('');
  expect(said).toBe(expected);
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
});
