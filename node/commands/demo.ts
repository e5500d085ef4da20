// `shoal demo`: a root and workers as processes on this machine, so that a newcomer sees a mesh at work.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../shared/mesh/address.ts';
import { formatAddress } from '../../shared/mesh/address.ts';
import type { Arguments, Surroundings } from './command.ts';
import { inference } from './inference.ts';
import { writeRemark } from './output.ts';

const LAUNCHER = fileURLToPath(new URL('../shoal.js', import.meta.url));
const DEFAULT_NODES = 4;

export async function demo({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const { nodes = DEFAULT_NODES, prompt = 'Once upon a time' } = options;
  const key = randomBytes(16).toString('hex');
  const children: ChildProcess[] = [];
  const startWorkers = (address: Address): void => {
    writeRemark(`Starting ${nodes - 1} ${nodes === 2 ? 'worker' : 'workers'} on this machine`, surroundings.notes);
    for (let i = 2; i <= nodes; i++) {
      const args = [LAUNCHER, 'worker', '--join', formatAddress(address), '--nthreads', '1'];
      const env = { ...process.env, SHOAL_KEY: key, SHOAL_NAME: `node-${i}` };
      children.push(spawn(process.execPath, args, { env, stdio: 'ignore' }));
    }
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
    for (const child of children) child.kill();
  }
}
