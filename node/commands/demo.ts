// `shoal demo`: a root and workers as processes on this machine, so that a newcomer sees a mesh at work.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../shared/errors.ts';
import type { Address } from '../../shared/mesh/address.ts';
import { formatAddress } from '../../shared/mesh/address.ts';
import type { Arguments, Surroundings } from './command.ts';
import { failureOf } from './failure.ts';
import { inference } from './inference.ts';
import { writeRemark } from './output.ts';

const LAUNCHER = fileURLToPath(new URL('../shoal.js', import.meta.url));
const DEFAULT_NODES = 4;
/** What a worker's process takes with the demo model: measured 147 to 174 MB. */
const PROCESS_BYTES = 200e6;

class DemoWorkerError extends ShoalError {
  readonly blame = 'runtime';

  constructor(name: string, lastWords: string) {
    super(`${name} ended before it should (${lastWords || 'it said nothing'}); try again with a smaller --nodes`);
  }
}

class DemoTooLargeError extends ShoalError {
  readonly blame = 'runtime';

  constructor(nodes: number, freeBytes: number) {
    const [needed, free] = [nodes * PROCESS_BYTES, freeBytes].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
    const fitting = Math.max(1, Math.floor(freeBytes / PROCESS_BYTES));
    super(`${nodes} nodes would take about ${needed} of memory and ${free} are free; give --nodes ${fitting} or less`);
  }
}

export async function demo({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const { nodes = DEFAULT_NODES, prompt = 'Once upon a time' } = options;
  const freeBytes = process.availableMemory();
  if (nodes * PROCESS_BYTES > freeBytes) throw new DemoTooLargeError(nodes, freeBytes);
  const key = randomBytes(16).toString('hex');
  const children: ChildProcess[] = [];
  const giveUp = (error: Error): never => {
    for (const child of children) child.kill();
    surroundings.notes.write(`${failureOf(error).line}\n`);
    process.exit(1); // the root would wait for that worker for minutes
  };
  const startWorkers = (address: Address): void => {
    if (nodes === 1) return;
    writeRemark(`Starting ${nodes - 1} ${nodes === 2 ? 'worker' : 'workers'} on this machine`, surroundings.notes);
    for (let i = 2; i <= nodes; i++) children.push(startWorker(`node-${i}`, address, key, giveUp));
  };
  try {
    return await inference(
      {
        words: [],
        options: {
          layout: 'tp',
          steps: 128,
          temperature: 0,
          ...options,
          ...{ prompt, nodes, key, accept: '127.0.0.1:0', nthreads: 1 },
        },
      },
      { ...surroundings, onListening: startWorkers },
    );
  } finally {
    for (const child of children) {
      child.removeAllListeners('exit');
      child.kill();
    }
  }
}

/**
 * In a group of its own, so that Ctrl-C is for the root alone, and with a channel to this process, so that it ends with it
 * whatever happens.
 */
function startWorker(name: string, address: Address, key: string, onEnd: (error: Error) => void): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, 'worker', '--join', formatAddress(address), '--nthreads', '1'], {
    env: { ...process.env, SHOAL_KEY: key, SHOAL_NAME: name },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let lastLine = '';
  const end = (words: string): void => {
    // One that has joined may go: to see how the others carry on, kill it.
    if (!lastLine.startsWith('Serving')) onEnd(new DemoWorkerError(name, words));
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (!lastLine.startsWith('Serving')) lastLine = text.trim().split('\n')[0];
  });
  child.on('error', ({ message }) => end(message));
  child.on('exit', () => end(lastLine.replace(/^shoal: /, '')));
  return child;
}
