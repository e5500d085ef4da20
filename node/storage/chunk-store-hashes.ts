// The HashCache on disk: a JSON file for each state of a model file, `<folder>/hashes/<name>.json`. Only a memory: what
// cannot be read is as good as nothing, and what cannot be written is done without.

import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isHash } from '../../shared/cluster/weights/chunk-store.ts';
import type { HashCache, KnownHashes } from '../../shared/cluster/weights/hashes.ts';
import { writeWhole } from './file-sink.ts';
import { forgetOldest } from './forget-oldest.ts';
import { storageError } from './storage-errors.ts';

/** Many layouts have been tried before a model has so many; the oldest go. */
const MAX_HASHES = 100_000;
/** States of model files that are remembered. */
const MAX_FILES = 32;

interface Saved {
  readonly fingerprint: string;
  readonly hashes: readonly (readonly [rectangle: string, hash: string])[];
}

/** Tells a file from others, and from what it was before somebody wrote it anew. */
export async function fileFingerprint(path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${resolve(path)} ${size} ${mtimeMs}`;
  } catch (error) {
    throw storageError(path, 'read', error);
  }
}

export function diskHashCache(folder: string): HashCache {
  const hashesFolder = join(folder, 'hashes');
  const pathOf = (fingerprint: string): string =>
    join(hashesFolder, `${createHash('sha256').update(fingerprint).digest('hex').slice(0, 32)}.json`);
  /** One after the other, so that what was found last stays. */
  let saving = Promise.resolve();
  return {
    load: (fingerprint) => read(pathOf(fingerprint), fingerprint),
    save(fingerprint, hashes) {
      saving = saving.then(async () => {
        try {
          await mkdir(hashesFolder, { recursive: true });
          await write(pathOf(fingerprint), { fingerprint, hashes: [...hashes].slice(-MAX_HASHES) });
          await forgetOldest(hashesFolder, MAX_FILES);
        } catch {
          // A full disk or a folder that may only be read: the next start takes longer.
        }
      });
      return saving;
    },
  };
}

async function read(path: string, fingerprint: string): Promise<KnownHashes> {
  try {
    const saved: Saved = JSON.parse(await readFile(path, 'utf8'));
    const isSound = saved.hashes.every(([rectangle, hash]) => typeof rectangle === 'string' && isHash(hash));
    return new Map(isSound && saved.fingerprint === fingerprint ? saved.hashes : []);
  } catch {
    return new Map();
  }
}

const write = (path: string, saved: Saved): Promise<void> => writeWhole(path, Buffer.from(JSON.stringify(saved)));
