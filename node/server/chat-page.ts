// The chat page's files: built from web/ when they are missing or older than their sources, so that whoever has the
// sources need not know of it.

import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readStaticFiles, type StaticFiles } from './static-files.ts';

const SOURCES = fileURLToPath(new URL('../../web', import.meta.url));
const BUILDS = fileURLToPath(new URL('../../dist', import.meta.url));
const BUILT = join(BUILDS, 'web');

/** Without the tools to build it there is none, and `log` is told. */
export async function chatPage(log: (line: string) => void): Promise<StaticFiles> {
  if (await isStale()) await build(log).catch((error: Error) => log(excuse(error)));
  return readStaticFiles(BUILT);
}

async function isStale(): Promise<boolean> {
  const built = await stat(join(BUILT, 'index.html')).catch(() => undefined);
  if (!built) return true;
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isFile() && (await stat(join(entry.parentPath, entry.name))).mtimeMs > built.mtimeMs) return true;
  }
  return false;
}

/** Beside the old one and then in its place: several servers may start at once. */
async function build(log: (line: string) => void): Promise<void> {
  const { build: run } = await import('vite');
  log('Building the chat page, once.');
  const draft = join(BUILDS, `web-${process.pid}`);
  // Vite takes the libraries' development halves if this says anything else, `test` for one.
  process.env.NODE_ENV = 'production';
  await mkdir(BUILDS, { recursive: true });
  try {
    const outDir = draft;
    await run({ configFile: join(SOURCES, 'vite.config.ts'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
    await rm(BUILT, { recursive: true, force: true });
    await rename(draft, BUILT);
  } catch (error) {
    // Another server may have been faster.
    if (await isStale()) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const excuse = ({ message }: Error): string =>
  `There is no chat page, since it could not be built: ${message.split('\n')[0]}; install all packages with npm ci. The API works.`;
