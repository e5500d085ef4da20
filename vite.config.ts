// Vitest's settings. Tests lie beside what they test, or in test/ where they cross rooms.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { tally } from './test/house/tally.ts';

export default defineConfig({
  test: {
    include: ['{shared,node,test}/**/*.test.ts'],
    reporters: ['default', tally],
    // One process a file: WASM memories and threads must not pile up. All cores, for on two cores Vitest would use one.
    pool: 'forks',
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
