// Roots and workers as a user starts them: processes of their own that meet on loopback, each with folders of this test for
// keys and weights. What the cluster computes is compared with what one process computes.

import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ModelFolder, modelFolder } from './model-folder.ts';
import { type Ended, type Running, shoal, startShoal } from './shoal-process.ts';

/** Above what a start takes on a busy machine of two cores; a test that waits so long has failed. */
const PATIENCE_MS = 15_000;

let folder: ModelFolder;
let home: string;
/** Both kinds of process must agree on the key by its file, so they get the same folders. */
let env: NodeJS.ProcessEnv;
const running = new Set<Running>();

beforeAll(async () => {
  folder = await modelFolder({ weightType: 'f32', seqLen: 4096, layers: 4 });
  home = await mkdtemp(join(tmpdir(), 'shoal-cluster-'));
  env = { XDG_CONFIG_HOME: join(home, 'config'), XDG_CACHE_HOME: join(home, 'cache'), SHOAL_KEY: '' };
});
afterEach(async () => {
  for (const { child, ended } of running) {
    child.kill('SIGKILL');
    await ended;
  }
  running.clear();
});
afterAll(async () => {
  await folder.remove();
  await rm(home, { recursive: true, force: true });
});

/** What a process says on standard error, while it runs. */
interface Heard extends Running {
  /** Resolves with the match once it has been said after what was heard before. */
  heard(words: RegExp): Promise<RegExpExecArray>;
}

function start(args: readonly string[], more: NodeJS.ProcessEnv = {}): Heard {
  const process = startShoal(args, { ...env, ...more });
  running.add(process);
  let unheard = '';
  const onText = new Set<() => void>();
  process.child.stderr.on('data', (text: string) => {
    unheard += text;
    for (const look of onText) look();
  });
  const heard = (words: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`${args[0]} has not said ${words}, but: ${unheard}`));
      const timer = setTimeout(fail, PATIENCE_MS);
      const look = (): void => {
        const match = words.exec(unheard);
        if (!match) return;
        unheard = unheard.slice(match.index + match[0].length);
        clearTimeout(timer);
        onText.delete(look);
        resolve(match);
      };
      onText.add(look);
      look();
      process.ended.then(() => setImmediate(fail), fail);
    });
  return { ...process, heard };
}

interface Waiting extends Heard {
  readonly address: string;
}

let workers = 0;
/** With a cache of its own, so that it lacks all weights unless it is given a cache. */
async function startWorker(...args: readonly string[]): Promise<Waiting> {
  const cache = args.includes('--cache') ? [] : ['--cache', join(home, `worker-${workers++}`)];
  const worker = start(['worker', '--port', '0', '--nthreads', '1', ...cache, ...args]);
  const [, address] = await worker.heard(/Waiting for a root at (127\.0\.0\.1:\d+);.*\n/);
  return { ...worker, address };
}

const greedyTo = (steps: number, ...more: string[]): string[] => [
  ...['inference', '--model', folder.model, '--prompt', 'Hello world', '--steps', `${steps}`, '--temperature', '0'],
  ...['--ignore-eos', '--json', '--nthreads', '1', '--buffer-float-type', 'f32', ...more],
];
const greedy = (...more: string[]): string[] => greedyTo(40, ...more);
const root = (...more: string[]): Promise<Ended> => shoal(greedy(...more), { env });

/** An end as scripts want it: nothing but one object on standard output. */
function report({ code, stdout, stderr }: Ended) {
  expect(stderr).not.toMatch(/shoal:|\n\s+at /);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  return JSON.parse(stdout);
}

/** One line with cause and remedy, and nothing else of it on standard output. */
function refusal({ code, stdout, stderr }: Ended, exitCode: number): string {
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  const lines = stderr.split('\n').filter((line) => line.startsWith('shoal: '));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^shoal: .+; .+$/);
  expect(stderr).not.toMatch(/\n\s+at /);
  return lines[0];
}

test('two workers and the root write what one node writes, and again without sending weights', async () => {
  const alone = report(await root());
  const pair = await Promise.all([startWorker(), startWorker()]);
  const calling = ['--workers', ...pair.map(({ address }) => address)];
  const split = report(await root(...calling, '--layout', 'tp'));
  expect(alone.text.length).toBeGreaterThan(30);
  expect(split.text).toBe(alone.text);
  expect(split.memory).toHaveLength(3);
  expect(split.network.nodes).toBe(3);
  expect(split.network.operations.SYNC_NODE_SLICES.count).toBeGreaterThan(0);
  expect(split.network.operations.WEIGHTS.bytes).toBeGreaterThan(100_000);

  const again = report(await root(...calling, '--layout', 'tp'));
  expect(again.text).toBe(alone.text);
  // Slices depend on speeds, which are measured anew, so that a border may move by a few rows.
  expect(again.network.operations.WEIGHTS.bytes).toBeLessThan(split.network.operations.WEIGHTS.bytes / 2);

  const piped = report(await root(...calling, '--layout', 'pp'));
  expect(piped.text).toBe(alone.text);
  for (const { heard } of pair) await heard(/Ready: tiny\.m, stage 1 of 1, rank \d of 3\n/);
});

test('the demo: one object with the report of three nodes', async () => {
  const ended = await shoal(['demo', '--nodes', '3', '--steps', '24', '--json'], { env });
  const shown = report(ended);
  expect(shown.memory.map(({ node }: { node: string }) => node).toSorted()).toEqual([
    'Root',
    'Worker node-2',
    'Worker node-3',
  ]);
  expect(shown).toMatchObject({ network: { nodes: 3 }, layout: expect.any(Array), text: expect.any(String) });
  expect(shown.layout.join('\n')).toMatch(/root[\s\S]*node-/);
  expect(ended.stderr).not.toMatch(/[0-9a-f]{32}/); // its key
});

test('a worker that calls: both agree by the file of the key, and the key is said once', async () => {
  const leader = start(greedy('--accept', '127.0.0.1:0', '--layout', 'tp'));
  const [, address, key] = await leader.heard(/Workers join with: \S+ worker --join (\S+) --key (\S+)\n/);
  const keyFile = join(home, 'config', 'shoal', 'key');
  expect((await readFile(keyFile, 'utf8')).trim()).toBe(key);
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  const worker = start(['worker', '--join', address, '--nthreads', '1', '--cache', join(home, 'joiner')]);
  report(await leader.ended);
  await worker.heard(/Ready: tiny\.m/);
  await worker.heard(/The root is done; waiting for the next\n/);
  worker.child.kill('SIGINT');
  const { code, stderr } = await worker.ended;
  expect(code).toBe(130);
  expect(stderr).not.toContain(key);
  expect(await readdir(join(home, 'config', 'shoal'))).toEqual(['key']);
});

test('a worker outlives its root, refuses another key, and serves the next', async () => {
  const worker = await startWorker();
  const first = start(greedyTo(4000, '--workers', worker.address, '--layout', 'tp'));
  await worker.heard(/Ready: tiny\.m/);
  first.child.kill('SIGKILL');
  await worker.heard(/The root is (done|gone).*; waiting for the next\n/);

  const line = refusal(await root('--workers', worker.address, '--key', 'not the same'), 1);
  expect(line).toContain(`${worker.address} has another cluster key than this machine; give both the same --key`);
  await worker.heard(/Turned a caller away: 127\.0\.0\.1:\d+ has another cluster key[^\n]*; [^\n]*\n/);

  report(await root('--workers', worker.address, '--layout', 'tp'));
  worker.child.kill('SIGINT');
  expect((await worker.ended).code).toBe(130);
});

test('a worker that is killed takes nothing with it', async () => {
  const alone = report(await shoal(greedyTo(400), { env }));
  const pair = await Promise.all([startWorker(), startWorker()]);
  const leader = start(greedyTo(400, '--layout', 'tp', '--workers', ...pair.map(({ address }) => address)));
  await pair[1].heard(/Ready: tiny\.m/);
  pair[1].child.kill('SIGKILL');
  await leader.heard(/ left: [^\n]*\n/);
  const shown = report(await leader.ended);
  expect(shown.text).toBe(alone.text);
  expect(shown.network.nodes).toBe(2);
  await pair[0].heard(/Ready: tiny\.m, stage 1 of 1, rank 2 of 2\n/);
});

test('a second root waits until the first is done', async () => {
  const worker = await startWorker();
  const first = start(greedyTo(4000, '--workers', worker.address, '--layout', 'tp'));
  await worker.heard(/Ready: tiny\.m/);
  const second = start(greedy('--workers', worker.address, '--layout', 'tp'));
  await second.heard(/127\.0\.0\.1:\d+ works for another root; waiting until it is free\n/);
  first.child.kill('SIGKILL');
  expect(report(await second.ended).network.nodes).toBe(2);
});

test('strangers at the port of a worker disturb nobody', async () => {
  const worker = await startWorker();
  const first = start(greedy('--workers', worker.address, '--layout', 'tp'));
  const port = Number(worker.address.split(':')[1]);
  const throwAt = (bytes: Uint8Array | string): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume();
    });
  await worker.heard(/Serving the root/);
  await Promise.all([
    throwAt('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
    throwAt(Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 2_654_435_761) >>> 13)),
  ]);
  await worker.heard(/Turned a caller away: 127\.0\.0\.1:\d+ does not speak the protocol of Shoal; [^\n]*\n/);
  report(await first.ended);
  report(await root('--workers', worker.address, '--layout', 'tp'));
});

test('what cannot work is refused in one line', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const taken = `127.0.0.1:${(free.address() as { port: number }).port}`;
  const [, port] = taken.split(':');
  const used = /another program does already; stop it or choose another port/;
  expect(refusal(await shoal(['worker', '--port', port], { env }), 1)).toMatch(used);
  expect(refusal(await root('--accept', taken), 1)).toMatch(used);
  await new Promise((resolve) => free.close(resolve));
  expect(refusal(await root('--workers', taken), 1)).toMatch(/Cannot reach 127\.0\.0\.1:\d+: nothing listens on/);

  const usage: [string[], RegExp][] = [
    [greedy('--workers', taken, '--layout', '2by3'), /--layout is "2by3", which is unknown; give auto, tp, pp/],
    [greedy('--layout', 'tp'), /--nodes and --layout are for clusters; give --workers/],
    [greedy('--workers', taken, '--nodes', '3'), /--nodes 3 cannot be reached: --workers names 1 .*--accept/],
    [greedy('--workers', taken, taken), /--workers names 127\.0\.0\.1:\d+ twice; name each worker once/],
    [greedy('--workers', '127.0.0.1:99999'), /its port is no number from 1 to 65535/],
    [['worker', '--join', taken, '--port', '0'], /--join and --port contradict each other/],
    [['worker', '--key', ''], /--key is "", which is empty; give the key/],
  ];
  for (const [args, words] of usage) expect(refusal(await shoal(args, { env }), 2)).toMatch(words);
});

test('layouts and models that do not fit', async () => {
  const worker = await startWorker('--max-memory', '0.01');
  const calling = ['--workers', worker.address];
  expect(refusal(await root(...calling, '--layout', '3x4'), 2)).toMatch(/3x4 is impossible: it takes 12 nodes/);
  expect(refusal(await root(...calling, '--max-memory', '0.01'), 1)).toMatch(/The model does not fit: .*; add another/);
  report(await root(...calling, '--layout', 'auto'));
});

test('a cache that cannot be written', async () => {
  const file = await folder.put('no-folder', '');
  expect(refusal(await shoal(['worker', '--port', '0', '--cache', file], { env }), 1)).toMatch(
    /the cache .*no-folder.*; change that or give another --cache folder/,
  );
});
