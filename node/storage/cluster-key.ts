// The key that the nodes of a cluster share: given by the user, or made once and kept in a file of the user's, so that all
// nodes of one machine agree without a word. Never printed but where a person is told what to type elsewhere.

import { randomBytes } from 'node:crypto';
import { access, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ShoalError } from '../../shared/errors.ts';
import { configFolder } from './config-folder.ts';
import { storageError } from './storage-errors.ts';

class KeyFileError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(`The cluster key in ${path} is empty; delete the file, or give --key`);
  }
}

/** `given`: from --key; then $SHOAL_KEY, then the file. */
export async function clusterKey(given: string | undefined): Promise<string> {
  const key = given ?? process.env.SHOAL_KEY;
  if (key) return key;
  return keptKey(join(configFolder(), 'key'));
}

/** The key in that file, which is made if there is none. */
export async function keptKey(path: string): Promise<string> {
  const failed = (action: 'read' | 'write') => (error: unknown) => {
    throw storageError(path, action, error);
  };
  if (!(await isThere(path))) await make(path).catch(failed('write'));
  const key = (await readFile(path, 'utf8').catch(failed('read'))).trim();
  if (key === '') throw new KeyFileError(path);
  return key;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whole or not at all, and only if there is none: two nodes that start at once must not make two. */
async function make(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${newKey()}\n`, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}

/** 100 bits, in letters that are easy to read and type. */
function newKey(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const word = (bytes: Uint8Array): string => Array.from(bytes, (byte) => letters[byte % 32]).join('');
  return [0, 1, 2, 3].map(() => word(randomBytes(5))).join('-');
}
