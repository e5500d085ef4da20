// Chunks of weights on disk: `<folder>/chunks/ab/<hash>`. A file appears under its name only when it is whole, so what is
// there can be used after any crash. Several processes may share the folder.

import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChunksMissingError } from '../../shared/cluster/weights/chunk-errors.ts';
import {
  type ChunkId,
  type ChunkStore,
  ChunksInUse,
  isHash,
  verifyChunk,
} from '../../shared/cluster/weights/chunk-store.ts';
import type { MeshCrypto } from '../../shared/mesh/crypto.ts';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import type { Bytes, Milliseconds } from '../../shared/units.ts';
import { chunkPath, openChunks } from './chunk-store-files.ts';
import { writeWhole } from './file-sink.ts';
import { cacheError } from './storage-errors.ts';

/** Somebody may still be writing a younger temporary file. */
const LEFTOVER_AGE_MS: Milliseconds = 60 * 60 * 1000;
/** Used again sooner, a file is not marked again: cards wear out by writing. */
const USE_AGE_MS: Milliseconds = 60 * 1000;
/** Files that are looked at together. */
const BATCH = 32;

/** Makes the folder if need be, and removes what crashes left behind. */
export async function diskChunkStore(folder: string, crypto: MeshCrypto): Promise<ChunkStore> {
  const store = new DiskChunkStore(folder, crypto);
  await store.prepare();
  return store;
}

interface StoredFile {
  readonly path: string;
  readonly name: string;
  readonly size: Bytes;
  readonly usedMs: Milliseconds;
}

class DiskChunkStore implements ChunkStore {
  private readonly folder: string;
  private readonly crypto: MeshCrypto;
  private readonly inUse = new ChunksInUse();

  constructor(folder: string, crypto: MeshCrypto) {
    this.folder = folder;
    this.crypto = crypto;
  }

  async prepare(): Promise<void> {
    await this.guard('write', () => mkdir(join(this.folder, 'chunks'), { recursive: true }));
    for await (const file of this.files((name) => name.endsWith('.part'))) await this.removeLeftover(file);
  }

  async has({ hash, size }: ChunkId): Promise<boolean> {
    return (await fileAt(chunkPath(this.folder, hash)))?.size === size;
  }

  async write(hash: string, bytes: Uint8Array): Promise<void> {
    await verifyChunk(hash, bytes, this.crypto);
    const path = chunkPath(this.folder, hash);
    await this.guard('write', async () => {
      await mkdir(dirname(path)).catch(ignoreExisting); // with `recursive`, Node reports a read-only disk as no folder
      await writeWhole(path, bytes);
    });
  }

  async source(chunks: readonly ChunkId[], name: string): Promise<ByteSource> {
    const release = this.inUse.take(chunks); // before looking, so that nothing goes in between
    try {
      const missing = new Set<string>();
      for (let first = 0; first < chunks.length; first += BATCH) {
        const look = async (chunk: ChunkId) => (await this.use(chunk)) || missing.add(chunk.hash);
        await Promise.all(chunks.slice(first, first + BATCH).map(look));
      }
      if (missing.size > 0) throw new ChunksMissingError(name, [...missing], chunks.length);
      return openChunks({ chunksIn: this.folder, name, chunks }, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async trim(maxBytes: Bytes): Promise<Bytes> {
    const kept: StoredFile[] = [];
    for await (const file of this.files(() => true)) {
      if (isHash(file.name)) kept.push(file);
      else await this.removeLeftover(file);
    }
    let total = kept.reduce((sum, { size }) => sum + size, 0);
    const before = total;
    for (const { path, name, size } of kept.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= maxBytes) break;
      if (this.inUse.has(name)) continue;
      await this.guard('write', () => rm(path, { force: true }));
      total -= size;
    }
    return before - total;
  }

  /** Marks a chunk as used; false if it is not there. What has a wrong size is deleted, so that it can come again. */
  private async use({ hash, size }: ChunkId): Promise<boolean> {
    const path = chunkPath(this.folder, hash);
    const stats = await fileAt(path);
    if (stats === undefined) return false;
    if (stats.size !== size) {
      await this.guard('write', () => rm(path, { force: true }));
      return false;
    }
    const now = Date.now();
    // A folder that may only be read can be used all the same, it only is not in order any more.
    if (now - stats.mtimeMs > USE_AGE_MS) await utimes(path, new Date(now), new Date(now)).catch(() => {});
    return true;
  }

  private async *files(wanted: (name: string) => boolean): AsyncGenerator<StoredFile> {
    const chunks = join(this.folder, 'chunks');
    for (const prefix of await this.guard('read', () => readdir(chunks))) {
      const names = await readdir(join(chunks, prefix)).catch(() => []);
      for (const name of names.filter(wanted)) {
        const path = join(chunks, prefix, name);
        const stats = await fileAt(path); // another process may have removed it by now
        if (stats) yield { path, name, size: stats.size, usedMs: stats.mtimeMs };
      }
    }
  }

  private async removeLeftover({ path, name, usedMs }: StoredFile): Promise<void> {
    if (name.endsWith('.part') && Date.now() - usedMs > LEFTOVER_AGE_MS)
      await rm(path, { force: true }).catch(() => {});
  }

  private async guard<T>(action: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw cacheError(this.folder, action, error);
    }
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** What cannot be looked at counts as not there: to write it again will tell why. */
async function fileAt(path: string): Promise<{ size: Bytes; mtimeMs: Milliseconds } | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats : undefined;
}
