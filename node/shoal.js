#!/usr/bin/env node
// Where `shoal` begins: checks the version of Node, and lets it keep what it compiles, so that the next start takes two
// thirds of the time and threads need not load a TypeScript compiler each. Plain JavaScript: any version can read it.

import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `shoal: Node ${process.versions.node} is too old, Shoal needs ${NEEDED}; use "npm run shoal -- …", which has its own\n`,
  );
  process.exit(1);
}

// In the user's own folder: what lies in a shared one, somebody else may have written. Threads and processes inherit it.
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shoal', 'compiled');
await import('./devices/join-vectors.js');
nodeModule.enableCompileCache();
await import('./main.ts');
