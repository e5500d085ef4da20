// Vitest's settings. Tests lie beside what they test, or in test/ where they cross rooms.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { tally } from './test/house/tally.ts';

export default defineConfig({
  test: {
    globalSetup: 'test/browser/setup.ts',
    include: ['{shared,node,web,test}/**/*.test.ts'],
    reporters: ['default', tally],
    // One process a file: WASM memories and threads must not pile up. All cores, since of two Vitest would leave one.
    pool: 'forks',
    maxWorkers: availableParallelism(),
    // Devices start hundreds of threads and the command line's tests dozens of processes, which all read the same sources.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
    // No test takes so long, but a busy machine may.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
