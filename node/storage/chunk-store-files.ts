// Chunks in files of a folder, as any thread of this machine can open them: where each lies, and many as one source. Only
// reads; what may be kept and what goes is the store's business.

import { join } from 'node:path';
import { ChunksMissingError } from '../../shared/cluster/weights/chunk-errors.ts';
import { type ChunkId, isHash } from '../../shared/cluster/weights/chunk-store.ts';
import { joinedSource } from '../../shared/cluster/weights/joined-source.ts';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import { openFileSource } from './file-source.ts';
import { EmptyFileError, FileNotFoundError } from './storage-errors.ts';

/** All that a thread needs to open the same contents. */
export interface ChunkLocation {
  readonly chunksIn: string;
  readonly name: string;
  readonly chunks: readonly ChunkId[];
}

/** Folders of 256 names spare file systems that are slow with long lists. */
export function chunkPath(folder: string, hash: string): string {
  if (!isHash(hash)) throw new TypeError('a chunk has a name that is no SHA-256'); // it must not lead out of the folder
  return join(folder, 'chunks', hash.slice(0, 2), hash);
}

/** Opens each file when it is first read. */
export function openChunks(location: ChunkLocation, onClose?: () => void): ByteSource {
  const { chunksIn, name, chunks } = location;
  const parts = chunks.map(({ hash, size }) => ({
    size,
    open: () => openChunk(chunkPath(chunksIn, hash), { hash, size }, name, chunks.length),
  }));
  return joinedSource(name, parts, { location, ...(onClose && { onClose }) });
}

async function openChunk(path: string, { hash, size }: ChunkId, name: string, count: number): Promise<ByteSource> {
  let source: ByteSource;
  try {
    source = await openFileSource(path);
  } catch (error) {
    // Another process may have cleared the cache; that is for people who know of weights, not of files with odd names.
    if (!(error instanceof FileNotFoundError || error instanceof EmptyFileError)) throw error;
    throw new ChunksMissingError(name, [hash], count);
  }
  if (source.size === size) return source;
  await source.close();
  throw new ChunksMissingError(name, [hash], count);
}

/** Opens what a ByteSource of this machine says of itself: the path of a file, or chunks. */
export async function openLocation(location: unknown): Promise<ByteSource> {
  if (typeof location === 'string') return openFileSource(location);
  if (typeof location === 'object' && location !== null && 'chunksIn' in location) {
    return openChunks(location as ChunkLocation);
  }
  throw new TypeError('a source has a location that is neither a path nor chunks');
}
