// Measures clusters on one machine, behind an emulated switch, beside distributed-llama on the same switch: networks ×
// nodes × layouts. Computing does not shrink here, since all nodes share the machine's cores; what differs is the waiting.
//
// usage: NETLAB=path DLLAMA=path node test/bench/cluster.ts [--networks lan,wifi,lab] [--nodes 8,4,2,1] [--layouts auto,tp]
// NETLAB: a program with `up N key=value…`, `set key=value…`, `exec I CMD…` and `down`, as root. Without DLLAMA only Shoal.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ModelHeader } from '../../shared/model/header.ts';
import { tinyHeader } from '../fixtures/tiny-models.ts';
import { benchModel } from './models.ts';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'lan,wifi,lab' },
    nodes: { type: 'string', default: '8,4,2,1' },
    layouts: { type: 'string', default: 'auto,tp' },
    steps: { type: 'string', default: '200' },
  },
});
const NETLAB = process.env.NETLAB ?? fail('NETLAB does not name the program that emulates the network');
const { DLLAMA } = process.env;
const LAUNCHER = fileURLToPath(new URL('../../node/shoal.js', import.meta.url));
const PORT = 9999;
const FAST = ['rate_mbit=20000', 'delay_us=10', 'queue_kb=4096'];

const deep: ModelHeader = shape({
  dim: 1024,
  hiddenDim: 2816,
  layers: 24,
  heads: 16,
  kvHeads: 16,
  vocabSize: 32000,
  seqLen: 2048,
});
/** As wide as Llama 30B, so that its messages are as long. */
const wide: ModelHeader = shape({
  dim: 6656,
  hiddenDim: 1024,
  layers: 2,
  heads: 64,
  kvHeads: 64,
  vocabSize: 4096,
  seqLen: 512,
});
const NETWORKS: Record<string, { keys: string[]; name: string; header: ModelHeader }> = {
  lan: { keys: ['rate_mbit=1000', 'delay_us=100'], name: 'deep', header: deep },
  wifi: { keys: ['rate_mbit=100', 'delay_us=500', 'jitter_us=300'], name: 'deep', header: deep },
  lab: {
    keys: ['rate_mbit=25', 'delay_us=800', 'jitter_us=300', 'tail_prob=0.002', 'tail_us=60000', 'queue_kb=256'],
    name: 'wide',
    header: wide,
  },
};

interface Measured {
  readonly tokenMs: number;
  readonly syncMs: number;
  readonly layout?: string;
  readonly weightsMB?: number;
  readonly memoryMB?: readonly number[];
}

function shape(sizes: Partial<ModelHeader> & Pick<ModelHeader, 'dim' | 'heads'>): ModelHeader {
  return tinyHeader({ headDim: sizes.dim / sizes.heads, ...sizes });
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const lab = (...args: string[]): void => void execFileSync(NETLAB, args);
const on = (host: number, ...command: string[]): [string, string[]] => [NETLAB, ['exec', String(host), ...command]];
const hostOf = (index: number): string => `10.88.0.${index + 1}`;

/** Starts `nodes` hosts with a worker on all but the first, and ends them after `use`. */
async function withNodes<T>(nodes: number, worker: (host: number) => string[], use: () => Promise<T>): Promise<T> {
  lab('up', String(nodes), ...FAST);
  const workers: ChildProcess[] = [];
  try {
    for (let host = 1; host < nodes; host++) {
      workers.push(spawn(...on(host, ...worker(host)), { stdio: 'ignore', env: ENV }));
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return await use();
  } finally {
    for (const child of workers) child.kill('SIGKILL');
    lab('down');
  }
}

const ENV = { ...process.env, SHOAL_KEY: 'bench', XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'shoal-bench-cache-')) };

/** What a command writes; `watch` sees it as it comes. */
function outputOf([command, args]: [string, string[]], watch: (text: string) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: ENV });
    let [out, notes] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      watch(out);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      notes += text;
    });
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`ended with ${code}: ${notes.slice(-600)}`)),
    );
  });
}

/** Twice: the first run brings the weights over a fast network, the second has them and is measured. */
async function runShoal(
  network: string,
  nodes: number,
  layout: string,
): Promise<{ first: Measured; second: Measured }> {
  const { keys, name, header } = NETWORKS[network];
  const { model, tokenizer } = await benchModel(name, header);
  const workers = Array.from({ length: nodes - 1 }, (_, i) => `${hostOf(i + 1)}:${PORT}`);
  const inference = (steps: string) =>
    on(
      0,
      ...[
        process.execPath,
        LAUNCHER,
        'inference',
        '--model',
        model,
        '--tokenizer',
        tokenizer,
        '--json',
        '--ignore-eos',
      ],
      ...['--prompt', 'Hello world', '--steps', steps, '--nthreads', '1', '--temperature', '0'],
      ...(nodes > 1 ? ['--layout', layout, '--workers', ...workers] : []),
    );
  const worker = (host: number): string[] => [
    ...[process.execPath, LAUNCHER, 'worker', '--host', hostOf(host), '--port', String(PORT), '--nthreads', '1'],
    ...['--cache', join(ENV.XDG_CACHE_HOME, String(host))],
  ];
  return withNodes(nodes, worker, async () => {
    const first = shoalFigures(await outputOf(inference('20')));
    await new Promise((resolve) => setTimeout(resolve, 500)); // until workers wait again
    // A layout that was right for a network two hundred times as fast is none to begin with.
    rmSync(join(ENV.XDG_CACHE_HOME, 'shoal', 'layouts'), { recursive: true, force: true });
    lab('set', ...keys);
    return { first, second: shoalFigures(await outputOf(inference(values.steps))) };
  });
}

function shoalFigures(json: string): Measured {
  const { prediction, network, layout, memory } = JSON.parse(json);
  return {
    tokenMs: prediction.msPerToken,
    syncMs: network?.steps.prediction.syncMsPerToken ?? 0,
    ...(layout ? { layout: shapeOf(layout) } : {}),
    weightsMB: (network?.operations.WEIGHTS?.bytes ?? 0) / 1e6,
    memoryMB: memory.map(({ bytes }: { bytes: number }) => Math.round(bytes / 1e6)),
  };
}

/** 2x4 from the lines of a layout, which begin with the stage. */
function shapeOf(lines: readonly string[]): string {
  const stages = lines.flatMap((line) => /^\s*(\d+)\s/.exec(line)?.[1] ?? []);
  const counts = [...new Set(stages)].map((stage) => stages.filter((one) => one === stage).length);
  return new Set(counts).size === 1 ? `${counts.length}x${counts[0]}` : counts.join('+');
}

async function runDllama(network: string, nodes: number): Promise<Measured> {
  const { keys, name, header } = NETWORKS[network];
  const { model, tokenizer } = await benchModel(name, header);
  const binary = DLLAMA as string;
  const workers = Array.from({ length: nodes - 1 }, (_, i) => `${hostOf(i + 1)}:${PORT}`);
  const command = on(
    0,
    ...['stdbuf', '-oL', binary, 'inference', '--model', model, '--tokenizer', tokenizer, '--prompt', 'Hello world'],
    ...[
      '--buffer-float-type',
      'q80',
      '--steps',
      values.steps,
      '--nthreads',
      '1',
      '--temperature',
      '0',
      '--net-turbo',
      '0',
    ],
    ...(nodes > 1 ? ['--workers', ...workers] : []),
  );
  const worker = (): string[] => [binary, 'worker', '--port', String(PORT), '--nthreads', '1', '--net-turbo', '0'];
  return withNodes(nodes, worker, async () => {
    let slowed = false;
    const out = await outputOf(command, (text) => {
      if (slowed || !text.includes('Weights loaded')) return;
      slowed = true;
      lab('set', ...keys);
    });
    const tokens = [...out.matchAll(/Pred +(\d+) ms Sync +(\d+) ms/g)].map((match) => [
      Number(match[1]),
      Number(match[2]),
    ]);
    const mean = (of: 0 | 1): number => tokens.reduce((sum, times) => sum + times[of], 0) / tokens.length;
    return { tokenMs: mean(0) + mean(1), syncMs: mean(1) };
  });
}

interface Row extends Measured {
  readonly network: string;
  readonly nodes: number;
  readonly program: string;
}

const rows: Row[] = [];
const note = (row: Row): void => {
  rows.push(row);
  const { network, nodes, program, layout = '', tokenMs, syncMs } = row;
  const peer = rows.find((one) => one.network === network && one.nodes === nodes && one.program === 'dllama');
  const ratio = peer && program !== 'dllama' ? `${(peer.tokenMs / tokenMs).toFixed(2)}× dllama's speed` : '';
  const words = [network.padEnd(5), `${nodes} nodes`, program.padEnd(10), layout.padEnd(7)];
  console.log(
    `${words.join('  ')}  ${tokenMs.toFixed(1).padStart(6)} ms/token  sync ${syncMs.toFixed(1).padStart(6)} ms  ${ratio}`,
  );
};
for (const network of values.networks.split(',')) {
  for (const nodes of values.nodes.split(',').map(Number)) {
    if (DLLAMA) note({ network, nodes, program: 'dllama', ...(await runDllama(network, nodes)) });
    for (const layout of nodes === 1 ? ['auto'] : values.layouts.split(',')) {
      const { first, second } = await runShoal(network, nodes, layout);
      note({ network, nodes, program: `shoal ${layout}`, ...second });
      const { weightsMB = 0 } = first;
      if (weightsMB > 0 && layout !== 'auto') {
        console.log(
          `       weights: ${weightsMB.toFixed(0)} MB, then ${second.weightsMB?.toFixed(1)} MB; memory ${second.memoryMB?.join(', ')} MB`,
        );
      }
    }
  }
}

const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const date = new Date().toISOString().slice(0, 10);
const machine = { cpu: cpus()[0].model, cores: availableParallelism() };
const name = `${date}-cluster-${machine.cpu.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.json`;
writeFileSync(
  new URL(name, folder),
  `${JSON.stringify({ date, machine, node: process.version, rows }, undefined, 1)}\n`,
);
console.log(`Kept in test/bench/results/${name}`);
