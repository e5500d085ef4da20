// Writes a file so that its name never shows half of it: into a temporary file beside it, renamed when complete.

import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSink } from '../../shared/model/byte-sink.ts';
import { NotAFileError, storageError } from './storage-errors.ts';

export interface FileSink extends ByteSink {
  /** Makes the file appear under its name, replacing an older one, once its bytes are safely on the disk. */
  commit(): Promise<void>;
  /** Removes what was written. Harmless after `commit`, so it can stand in a `finally`. */
  abort(): Promise<void>;
}

let created = 0;

export async function openFileSink(path: string): Promise<FileSink> {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storageError(path, 'write', error);
    }
  };
  // In the same folder, because a rename must not cross file systems. The process id keeps two writers apart.
  const folder = dirname(path);
  created += 1;
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${created}.part`);

  const handle = await guard(async () => {
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isDirectory()) throw new NotAFileError(path, 'a folder');
    return open(temporary, 'wx');
  });
  let state: 'open' | 'done' = 'open';

  const abort = async (): Promise<void> => {
    if (state === 'done') return;
    state = 'done';
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
  };

  return {
    write: (bytes) =>
      guard(async () => {
        for (let done = 0; done < bytes.length; ) {
          done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
        }
      }),
    commit: () =>
      guard(async () => {
        await handle.sync();
        await handle.close();
        await rename(temporary, path);
        state = 'done';
        await syncFolder(folder);
      }),
    abort,
  };
}

/** The new name itself is on the disk only once the folder is. Windows cannot open a folder, and need not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch {
    // Some network file systems refuse; the file is complete all the same.
  } finally {
    await handle.close();
  }
}

/** A file of these bytes, whole or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const sink = await openFileSink(path);
  try {
    await sink.write(bytes);
    await sink.commit();
  } finally {
    await sink.abort();
  }
}
