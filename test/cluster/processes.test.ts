// Real processes over TCP: workers that are killed, stopped or cut off in the middle of an answer, which goes on all the same.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ModelFolder, modelFolder } from '../cli/model-folder.ts';

const LAUNCHER = fileURLToPath(new URL('../../node/shoal.js', import.meta.url));
/** Of a network in user space for tests: `up N`, `exec I CMD…`, `set key=value`, `down`. */
const NETLAB = process.env.NETLAB;

let folder: ModelFolder;
let expected: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  // Slow enough to be caught in the middle, exact enough to be compared.
  folder = await modelFolder({
    dim: 256,
    heads: 8,
    kvHeads: 4,
    hiddenDim: 512,
    layers: 8,
    seqLen: 512,
    weightType: 'f32',
  });
  expected = await ended(start(inference()));
}, 60_000);
afterAll(() => folder.remove());
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

const inference = (...more: string[]): string[] => [
  ...[
    'inference',
    '--model',
    folder.model,
    '--tokenizer',
    folder.tokenizer,
    '--prompt',
    'Hello world',
    '--steps',
    '400',
  ],
  ...['--temperature', '0', '--ignore-eos', '--nthreads', '1', '--buffer-float-type', 'f32', ...more],
];

/** `host`: of netlab's hosts; undefined: this machine. */
function start(args: readonly string[], host?: number): ChildProcess {
  const command = [process.execPath, LAUNCHER, ...args];
  if (host !== undefined) command.unshift(NETLAB as string, 'exec', String(host));
  const env = { ...process.env, SHOAL_KEY: 'test', NODE_OPTIONS: '', XDG_CACHE_HOME: join(folder.path, 'cache') };
  const child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

/** What it has written to the stream when that first matches. */
function said(child: ChildProcess, stream: 'stdout' | 'stderr', words: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child[stream]?.setEncoding('utf8').on('data', (more) => {
      text += more;
      const found = words.exec(text);
      if (found) resolve(found);
    });
    child.on('close', () => reject(new Error(`ended without saying ${words}: ${text}`)));
  });
}

/** The text of an inference: what stands before the report. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let [text, notes] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    child.stderr?.setEncoding('utf8').on('data', (more) => {
      notes += more;
    });
    child.on('close', (code) =>
      code === 0 ? resolve(text.split('\n\nEvaluation\n')[0]) : reject(new Error(`ended with ${code}: ${notes}`)),
    );
  });
}

async function startWorker(host?: number): Promise<{ child: ChildProcess; address: string }> {
  const at = host === undefined ? '127.0.0.1' : `10.88.0.${host + 1}`;
  const child = start(['worker', '--host', at, '--port', '0', '--nthreads', '1'], host);
  const [, address] = await said(child, 'stderr', /root at (\S+:\d+)/);
  return { child, address };
}

const startRoot = (workers: readonly { address: string }[], layout: string, host?: number): ChildProcess =>
  start(inference('--layout', layout, '--workers', ...workers.map(({ address }) => address)), host);

describe.each(['tp', 'pp'])('%s over TCP on loopback', (layout) => {
  test.each([
    ['killed', 'SIGKILL'],
    ['stopped, so that it is silent', 'SIGSTOP'],
  ] as const)('a worker is %s in the middle of an answer', { timeout: 60_000 }, async (_, signal) => {
    const workers = [await startWorker(), await startWorker()];
    const root = startRoot(workers, layout);
    const text = ended(root);
    await said(root, 'stdout', /Hello world[\s\S]{20}/);
    workers[0].child.kill(signal);
    expect(await text).toBe(expected);
  });
});

test('all workers are killed', { timeout: 60_000 }, async () => {
  const workers = [await startWorker(), await startWorker(), await startWorker()];
  const root = startRoot(workers, 'tp');
  const text = ended(root);
  await said(root, 'stdout', /Hello world[\s\S]{20}/);
  for (const { child } of workers) child.kill('SIGKILL');
  expect(await text).toBe(expected);
});

describe.skipIf(!NETLAB)(`behind a switch${NETLAB ? '' : ' (set NETLAB to the path of netlab)'}`, () => {
  beforeAll(() => {
    execFileSync(NETLAB as string, ['up', '4', 'rate_mbit=1000', 'delay_us=100']);
  });
  afterAll(() => {
    execFileSync(NETLAB as string, ['down']);
  });

  test('a cable is pulled in the middle of an answer', { timeout: 60_000 }, async () => {
    const workers = [await startWorker(1), await startWorker(2), await startWorker(3)];
    const root = startRoot(workers, 'tp', 0);
    const text = ended(root);
    await said(root, 'stdout', /Hello world[\s\S]{20}/);
    execFileSync(NETLAB as string, ['set', 'cut=4']); // a bit for each host: the third one's
    expect(await text).toBe(expected);
  });
});
