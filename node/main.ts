// The program on Node: chooses the parts that commands work with. The only place in node/ that constructs them.

import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import type { Surroundings } from './commands/command.ts';
import { fail, runCommandLine } from './commands/command-line.ts';
import { onInterrupt } from './commands/interrupts.ts';
import { streamOutput } from './commands/output.ts';
import { openFileSource } from './storage/file-source.ts';
import { storageError } from './storage/storage-errors.ts';

const demoFile = (name: string): string => fileURLToPath(new URL(`../demo/${name}`, import.meta.url));

const surroundings: Surroundings = {
  // Loaded when needed: help and inspect do without.
  async makeDevice(name, threads) {
    if (name === 'reference') {
      const { referenceDevice } = await import('../shared/device/reference/reference-device.ts');
      return referenceDevice(() => performance.now());
    }
    const { nodeCpuDevice } = await import('./devices/cpu-host.ts');
    return nodeCpuDevice(threads);
  },
  openFile: openFileSource,
  mesh: async () => (await import('./links/node-mesh.ts')).nodeMesh,
  out: streamOutput(process.stdout),
  notes: streamOutput(process.stderr),
  input: process.stdin,
  demo: { model: demoFile('shoal-demo.m'), tokenizer: demoFile('shoal-demo.t') },
  onInterrupt,
};

// Whoever reads has had enough (`shoal … | head`): nothing to complain about, and nobody to complain to.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : fail(storageError('standard output', 'write', error), surroundings)),
);
process.stderr.on('error', () => {});
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => process.exit(fail(error, surroundings)));
}

process.exitCode = await runCommandLine(process.argv.slice(2), packageJson.version, surroundings);
