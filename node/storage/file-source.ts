// A file on disk as a ByteSource. Knows the file system, no format.

import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import { RangeOutsideFileError } from '../../shared/model/model-errors.ts';
import { EmptyFileError, FileShrankError, NotAFileError, storageError } from './storage-errors.ts';

/** One read call takes less than 2 GiB on Linux, and a smaller one lets other work of the process in between. */
const MAX_READ_BYTES = 64 * 2 ** 20;

/** Opens a file for reading by ranges. Reads may run at the same time: each names its own position. */
export async function openFileSource(path: string): Promise<ByteSource> {
  const handle = await openRegularFile(path);
  let size: number;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new NotAFileError(path, stats.isDirectory() ? 'a folder' : 'a device or a pipe');
    if (stats.size === 0) throw new EmptyFileError(path);
    size = stats.size;
  } catch (error) {
    await handle.close();
    throw storageError(path, 'read', error);
  }
  return {
    name: path,
    size,
    location: path,
    readInto: (offset, target) => readFully(handle, path, size, offset, target),
    close: () => handle.close(),
  };
}

async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw storageError(path, 'read', error);
  }
}

/** The kernel copies straight into `target`, which may lie in shared or WebAssembly memory that does not move meanwhile. */
async function readFully(
  handle: FileHandle,
  path: string,
  size: number,
  offset: number,
  target: Uint8Array,
): Promise<void> {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + target.length > size) {
    throw new RangeOutsideFileError(path, offset, target.length, size);
  }
  let done = 0;
  while (done < target.length) {
    const length = Math.min(MAX_READ_BYTES, target.length - done);
    let bytesRead: number;
    try {
      ({ bytesRead } = await handle.read(target, done, length, offset + done));
    } catch (error) {
      throw storageError(path, 'read', error);
    }
    if (bytesRead === 0) throw new FileShrankError(path, size, offset + done);
    done += bytesRead;
  }
}
