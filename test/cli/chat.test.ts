// `shoal chat` with piped lines: what a person types, without the terminal.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyModel } from '../fixtures/tiny-models.ts';
import { type ModelFolder, modelFolder } from './model-folder.ts';
import { shoal, startShoal } from './shoal-process.ts';

let folder: ModelFolder;
/** Its answers take a while. */
let longModel: string;
beforeAll(async () => {
  folder = await modelFolder({ seqLen: 200 });
  longModel = await folder.put('long.m', (await tinyModel({ seqLen: 16384 })).bytes);
});
afterAll(() => folder.remove());

const chatWith = (model: string, ...args: string[]): string[] => [
  ...['chat', '--model', model, '--tokenizer', folder.tokenizer, '--chat-template', 'chatml'],
  ...args,
];
const chat = (...args: string[]): string[] => chatWith(folder.model, ...args);

test('each line a message, the answers on standard output, the rest on standard error', async () => {
  const input = ['Hello', '', '/stats', '/nonsense', '/reset', 'two\\', 'lines', '/exit', 'never read'].join('\n');
  const args = chat('--temperature', '0', '--system', 'x');
  const { code, stdout, stderr } = await shoal(args, { input });
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(10);
  expect(stderr).toMatch(/^\d+ tokens?, [\d,.]+ tokens\/s, .*; 0 of \d+ prompt tokens were computed before$/m);
  expect(stderr).toMatch(/^There is no \/nonsense; \/help lists the commands\.$/m);
  expect(stderr).toMatch(/^The conversation is forgotten\.$/m);
  expect(stderr).not.toContain('shoal:');
  expect((await shoal(args, { input })).stdout).toBe(stdout);
});

test('a conversation longer than the context goes on', async () => {
  const input = ['a'.repeat(300), ...Array.from({ length: 4 }, (_, i) => `question ${i} ${'b'.repeat(60)}`)].join('\n');
  const { code, stderr } = await shoal(chat('--seed', '3'), { input });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^shoal: The prompt has \d+ tokens but the context holds 200; shorten it/m);
  expect(stderr).toMatch(/^The oldest question is forgotten, to make room\.$/m);
});

test('Ctrl-C stops the answer and not the program', async () => {
  const { child, ended, said } = startShoal(chatWith(longModel));
  child.stdin.write('Hello\n');
  await said(/..../);
  child.kill('SIGINT');
  child.stdin.end('/stats\n');
  const { code, stderr } = await ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^\(stopped\)\n\d+ tokens, /m);
});
