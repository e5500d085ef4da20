// The key that the nodes of a cluster share: given by the user, or made once and kept in a file of the user's, so that all
// nodes of one machine agree without a word. Never printed but where a person is told what to type elsewhere.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ShoalError } from '../../shared/errors.ts';
import { configFolder } from './config-folder.ts';
import { makeSecret, readSecret } from './secret-file.ts';

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
  // Nodes that start at once must not make two.
  const key = ((await readSecret(path)) ?? (await makeSecret(path, `${newKey()}\n`))).trim();
  if (key === '') throw new KeyFileError(path);
  return key;
}

/** 100 bits, in letters that are easy to read and type. */
function newKey(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const word = (bytes: Uint8Array): string => Array.from(bytes, (byte) => letters[byte % 32]).join('');
  return [0, 1, 2, 3].map(() => word(randomBytes(5))).join('-');
}
