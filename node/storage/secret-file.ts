// Files that only their user may read, and that appear under their names whole or not at all. Knows nothing of what
// is in them.

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from './storage-errors.ts';

/** undefined if there is no such file. */
export async function readSecret(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw storageError(path, 'read', error);
  }
}

/** Of many at once, one succeeds. Returns what the file then holds: this text, or that of whoever was first. */
export async function makeSecret(path: string, text: string): Promise<string> {
  return viaDraft(path, text, async (draft) => {
    try {
      await link(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return readFile(path, 'utf8');
  });
}

/** Replaces what was there. */
export async function replaceSecret(path: string, text: string): Promise<void> {
  return viaDraft(path, text, (draft) => rename(draft, path));
}

/** Gives the text a name of its own beside `path`, safely on the disk, and afterwards takes the name away. */
async function viaDraft<T>(path: string, text: string, use: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await use(draft);
  } catch (error) {
    throw storageError(path, 'write', error);
  } finally {
    await rm(draft, { force: true }).catch(() => {}); // what is wrong there, the error above says better
  }
}
