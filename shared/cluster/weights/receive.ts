// A worker's side of getting its weights: which chunks it lacks, and what to do with those that come. Trusts nobody: the
// sizes are those that the worker computed itself, and the store takes only what has the announced hash.

import type { Bytes } from '../../units.ts';
import { ChunkDamagedError, ChunkListError } from './chunk-errors.ts';
import { type ChunkId, type ChunkStore, isHash } from './chunk-store.ts';
import type { Chunk } from './chunks.ts';

/** How many chunks are looked up at the same time. */
const LOOKUPS = 32;

export class WeightReceiver {
  /** What the store will hold in the end, in the order of the packed bytes. */
  readonly contents: readonly ChunkId[];
  /** Indexes of chunks to ask for. Chunks that are alike are asked for once. */
  readonly missing: readonly number[];
  /** Resolves when all is in the store; it never rejects, because `accept` tells what went wrong. */
  readonly complete: Promise<void>;
  private readonly store: ChunkStore;
  private readonly onProgress: (done: Bytes, total: Bytes) => void;
  /** Bytes of all chunks of a hash that is not there. */
  private readonly waiting = new Map<string, Bytes>();
  private readonly writing = new Set<string>();
  private readonly finish: () => void;
  private readonly total: Bytes;
  private done: Bytes;

  /** `chunks` are of the worker's own packed program; `hashes`, one a chunk, are what the root says of them. */
  static async begin(
    chunks: readonly Chunk[],
    hashes: unknown,
    store: ChunkStore,
    onProgress: (done: Bytes, total: Bytes) => void = () => {},
  ): Promise<WeightReceiver> {
    const contents = checkedContents(chunks, hashes);
    const distinct = [...new Map(contents.map((chunk) => [chunk.hash, chunk])).values()];
    const there = new Set<string>();
    for (let first = 0; first < distinct.length; first += LOOKUPS) {
      const look = async (chunk: ChunkId) => (await store.has(chunk)) && there.add(chunk.hash);
      await Promise.all(distinct.slice(first, first + LOOKUPS).map(look));
    }
    return new WeightReceiver(contents, there, store, onProgress);
  }

  private constructor(
    contents: readonly ChunkId[],
    there: ReadonlySet<string>,
    store: ChunkStore,
    onProgress: (done: Bytes, total: Bytes) => void,
  ) {
    this.contents = contents;
    this.store = store;
    this.onProgress = onProgress;
    const missing: number[] = [];
    let [done, total] = [0, 0];
    for (const [index, { hash, size }] of contents.entries()) {
      total += size;
      if (there.has(hash)) done += size;
      else {
        if (!this.waiting.has(hash)) missing.push(index);
        this.waiting.set(hash, (this.waiting.get(hash) ?? 0) + size);
      }
    }
    this.missing = missing;
    this.done = done;
    this.total = total;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.complete = promise;
    this.finish = resolve;
    this.onProgress(done, total);
    if (this.waiting.size === 0) resolve();
  }

  /** Takes a chunk, in any order; resolves when it is in the store. A second copy is ignored, but not one after a failure. */
  async accept(index: number, bytes: Uint8Array): Promise<void> {
    if (!Number.isInteger(index) || index < 0 || index >= this.contents.length) {
      throw new ChunkListError(`chunk ${index} was sent, of ${this.contents.length}`);
    }
    const { hash, size } = this.contents[index];
    if (!this.waiting.has(hash) || this.writing.has(hash)) return;
    if (bytes.length !== size) throw new ChunkDamagedError(`it has ${bytes.length} bytes, not ${size}`);
    this.writing.add(hash);
    try {
      await this.store.write(hash, bytes);
    } finally {
      this.writing.delete(hash);
    }
    this.done += this.waiting.get(hash) as Bytes;
    this.waiting.delete(hash);
    this.onProgress(this.done, this.total);
    if (this.waiting.size === 0) this.finish();
  }
}

function checkedContents(chunks: readonly Chunk[], hashes: unknown): ChunkId[] {
  if (!Array.isArray(hashes) || hashes.length !== chunks.length) {
    const count = Array.isArray(hashes) ? `${hashes.length}` : 'no';
    throw new ChunkListError(`the root announced ${count} hashes for ${chunks.length} chunks`);
  }
  const sizes = new Map<string, Bytes>();
  return chunks.map(({ size }, index) => {
    const hash: unknown = hashes[index];
    if (!isHash(hash)) throw new ChunkListError(`the hash of chunk ${index} is none`);
    // Else the chunk would be there or missing depending on which of the two was asked for.
    if ((sizes.get(hash) ?? size) !== size)
      throw new ChunkListError(`chunk ${index} has the hash of a longer or shorter one`);
    sizes.set(hash, size);
    return { hash, size };
  });
}
