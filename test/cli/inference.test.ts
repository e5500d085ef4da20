// `shoal inference`, help, and how the program ends.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySink } from '../../shared/model/byte-sink.ts';
import { bytesSource } from '../../shared/model/bytes-source.ts';
import { readModel } from '../../shared/model/m-file.ts';
import { convertModel } from '../../shared/model/m-writer.ts';
import { type ModelFolder, modelFolder } from './model-folder.ts';
import { shoal, startShoal } from './shoal-process.ts';

const DEMO = fileURLToPath(new URL('../../demo/', import.meta.url));

let folder: ModelFolder;
beforeAll(async () => {
  // A context that takes a while to fill, for what happens meanwhile.
  folder = await modelFolder({ seqLen: 16384 });
});
afterAll(() => folder.remove());

const run = (...args: string[]): string[] => ['inference', '--model', folder.model, '--prompt', 'Hello world', ...args];

test('help, version, and no command', async () => {
  const [none, help, inference, command, version] = await Promise.all(
    [[], ['--help'], ['help', 'inference'], ['inference', '--steps', '--help'], ['--version']].map((args) =>
      shoal(args),
    ),
  );
  for (const { code, stderr } of [none, help, inference, command, version]) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
  expect(none.stdout).toBe(help.stdout);
  expect(help.stdout).toMatch(/^ {2}inference +Go on with a text/m);
  expect(inference.stdout).toBe(command.stdout);
  expect(inference.stdout).toMatch(/^ {2}--steps N +Tokens of prompt and answer together/m);
  expect(inference.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('inference', () => {
  test('ends with the report that scripts read', async () => {
    const { code, stdout } = await shoal(run('--steps', '20', '--temperature', '0', '--ignore-eos', '--profile'));
    expect(code).toBe(0);
    const number = String.raw`[\d.]+`;
    const lines = [
      'Evaluation',
      '   nBatches: 128',
      '    nTokens: 10', // the begin token and nine of Hello world
      `   tokens/s: ${number} \\(${number} ms/tok\\)`,
      'Prediction',
      '    nTokens: 9',
      `   tokens/s: ${number} \\(${number} ms/tok\\)`,
      'Metrics',
      '       InputTokens: 10',
      '      OutputTokens: 10', // 20 steps are prompt and answer together
      `   TokensPerSecond: ${number}`,
      `           TPOT_MS: ${number}`,
      `            TTFT_S: ${number}`,
      `             RCT_S: ${number}`,
      'Memory',
      '   Root: \\d+ MB',
      'Profile',
      '   op +calls +total ms +ms/token +share',
    ];
    expect(stdout).toMatch(new RegExp(`^Hello world[\\s\\S]*\n\n${lines.join('\n')}\n`));
    expect(stdout).toMatch(/^ {3}matmul +\d+ +[\d.]+ +[\d.]+ +[\d.]+ %$/m);
  });

  test('--json is one object and nothing else; the same seed gives the same text', async () => {
    const args = run('--steps', '40', '--json', '--ignore-eos');
    const [greedy, again, seeded, seededAgain] = await Promise.all(
      [['--temperature', '0'], ['--temperature', '0', '--seed', '5'], ['--seed', '7'], ['--seed=7']].map(
        async (more) => {
          const { code, stdout } = await shoal([...args, ...more]);
          expect(code).toBe(0);
          expect(stdout.split('\n')).toHaveLength(2);
          return JSON.parse(stdout);
        },
      ),
    );
    expect(greedy).toMatchObject({
      text: expect.any(String),
      finishReason: 'length',
      seed: expect.any(Number),
      evaluation: { nBatches: 128, nTokens: 10 },
      prediction: { nTokens: 29, msPerToken: expect.any(Number) },
      metrics: { InputTokens: 10, OutputTokens: 30 },
      memory: [{ node: 'Root', bytes: expect.any(Number) }],
    });
    expect(again.text).toBe(greedy.text);
    expect(seededAgain.text).toBe(seeded.text);
    expect(seeded.text).not.toBe(greedy.text);
  });

  test('threads make no difference to the demo model in f32', async () => {
    const source = bytesSource('demo', await readFile(join(DEMO, 'shoal-demo.m')));
    const sink = memorySink();
    await convertModel(await readModel(source), 'f32', sink);
    const model = await folder.put('demo-f32.m', sink.bytes());
    const tokenizer = await folder.put('demo-f32.t', await readFile(join(DEMO, 'shoal-demo.t')));
    const texts: string[] = [];
    for (const threads of ['1', '2', '3', '4']) {
      const options = ['--temperature', '0', '--steps', '60', '--json', '--nthreads', threads];
      const args = ['inference', '--model', model, '--prompt', 'Once upon a time', ...options];
      const { stdout } = await shoal(threads === '1' ? [...args, '--tokenizer', tokenizer] : args);
      texts.push(JSON.parse(stdout).text);
    }
    expect(texts[0].length).toBeGreaterThan(20);
    expect(new Set(texts).size).toBe(1);
  });

  test('a prompt from a file, and the reference device', async () => {
    const file = await folder.put('prompt.txt', 'Hello world');
    const args = ['inference', '--model', folder.model, '--steps', '18', '--temperature', '0', '--json'];
    const [cpu, reference] = await Promise.all([
      shoal([...args, '--prompt', 'Hello world']),
      shoal([...args, '--file', file, '--device', 'reference']),
    ]);
    expect(JSON.parse(reference.stdout).text).toBe(JSON.parse(cpu.stdout).text);
  });
});

test('start tells a story without a terminal', async () => {
  const { code, stdout, stderr } = await shoal(['story', 'a fox and a lantern', '--seed', '1']);
  expect(code).toBe(0);
  expect(stdout.trim().split(' ').length).toBeGreaterThan(10);
  expect(stderr).toMatch(/> Tell me a story about a fox and a lantern\./);
  expect(stderr).toMatch(/^\d+ tokens, [\d,.]+ tokens\/s, first token after \d+ ms, \d+ threads?$/m);
});

describe('the end', () => {
  const endless = ['--ignore-eos', '--nthreads', '1'];

  test('Ctrl-C ends the text and gives the report so far', async () => {
    const { child, ended, said } = startShoal(run(...endless));
    await said(/Hello world[\s\S]{4}/);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/\n\nEvaluation\n[\s\S]*OutputTokens: [1-9]\d*\n[\s\S]*Root: \d+ MB\n$/);
    expect(stderr).not.toContain('shoal:');
  });

  test('a reader that has had enough ends it quietly', async () => {
    const { child, ended, said } = startShoal(run(...endless));
    await said(/Hello/);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect({ code, stderr: stderr.replace(/^Using .*\n/, '') }).toEqual({ code: 0, stderr: '' });
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s leaves nothing behind', async (signal) => {
    const before = await readdir(folder.path);
    const { child, ended, said } = startShoal(run(...endless), { TMPDIR: folder.path });
    await said(/Hello/);
    child.kill(signal);
    expect(await ended).toMatchObject({ code: null, signal });
    expect(await readdir(folder.path)).toEqual(before);
  });
});
