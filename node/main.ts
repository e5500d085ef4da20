// The program on Node: chooses the parts that commands work with. The only place in node/ that constructs them.

import packageJson from '../package.json' with { type: 'json' };
import type { Surroundings } from './commands/command.ts';
import { fail, runCommandLine } from './commands/command-line.ts';
import { onInterrupt } from './commands/interrupts.ts';
import { streamOutput } from './commands/output.ts';
import { PARTS } from './parts.ts';
import { storageError } from './storage/storage-errors.ts';

const surroundings: Surroundings = {
  ...PARTS,
  out: streamOutput(process.stdout),
  notes: streamOutput(process.stderr),
  input: process.stdin,
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
