// The end of a server: what runs is finished, and who must not wait is told.

import { expect, test } from 'vitest';
import { startShoal } from '../cli/shoal-process.ts';
import { startServer } from './server-process.ts';

const ask = (url: string, maxTokens: number): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      ...{ model: 'shoal-demo', stream: true, max_tokens: maxTokens, logit_bias: {} },
      messages: [{ role: 'user', content: 'Tell me a story.' }],
    }),
  });

test('a running answer is finished first, new ones are not taken', async () => {
  const server = await startServer();
  const answer = await ask(server.url, 300);
  const reader = answer.body!.getReader();
  let text = new TextDecoder().decode((await reader.read()).value);
  server.running.child.kill('SIGTERM');
  for (let part = await reader.read(); !part.done; part = await reader.read())
    text += new TextDecoder().decode(part.value);
  expect(text).toMatch(/"finish_reason":"(stop|length)"[\s\S]*data: \[DONE\]\n\n$/);
  await expect(ask(server.url, 1)).rejects.toThrow();
  expect(await server.running.ended).toMatchObject({ code: 0 });
});

test('an idle one ends at once, whoever is still connected', async () => {
  const server = await startServer();
  await (await fetch(`${server.url}/health`)).text(); // the connection is kept
  server.running.child.kill('SIGINT');
  expect(await server.running.ended).toMatchObject({ code: 0 });
});

test('Node has nothing to warn of, such as a file that is only closed because it is garbage', async () => {
  // Garbage is collected often, so that it is soon found.
  const server = await startServer([], { nodeOptions: ['--gc-global', '--max-semi-space-size=1'] });
  await (await ask(server.url, 300)).text();
  server.running.child.kill('SIGTERM');
  const { code, stderr } = await server.running.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/Ending; /);
  expect(stderr).not.toMatch(/Warning/);
});

test('a port that is taken', async () => {
  await using server = await startServer();
  const { code, stderr } = await startShoal(['serve', '--port', String(server.port)]).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^shoal: Cannot listen on 127\.0\.0\.1:\d+: another program does already; /m);
});

test.each([
  [['--tls-cert', 'a.pem'], /--tls-cert is for the network/],
  [['--lan', '--tls-cert', 'a.pem'], /belong together/],
  [['--api-key', 'a b'], /--api-key/],
  [['--model', '/nope.m'], /nope\.m/],
])('%s is refused', async (args, line) => {
  const { code, stdout, stderr } = await startShoal(['serve', '--port', '0', ...args]).ended;
  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^shoal: [^\n]*; [^\n]*\n$/);
  expect(stderr).toMatch(line);
});
