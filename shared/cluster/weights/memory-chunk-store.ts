// Chunks in memory: for tests, and for nodes without a disk, as long as the weights are small.

import type { MeshCrypto } from '../../mesh/crypto.ts';
import { bytesSource } from '../../model/bytes-source.ts';
import { ChunksMissingError } from './chunk-errors.ts';
import { type ChunkId, type ChunkStore, ChunksInUse, verifyChunk } from './chunk-store.ts';
import { joinedSource } from './joined-source.ts';

export function memoryChunkStore(crypto: MeshCrypto): ChunkStore {
  /** The least recently used first. */
  const kept = new Map<string, Uint8Array>();
  const inUse = new ChunksInUse();
  const isThere = ({ hash, size }: ChunkId): boolean => kept.get(hash)?.length === size;
  return {
    has: async (chunk) => isThere(chunk),
    async write(hash, bytes) {
      const copy = bytes.slice(); // before the wait: the caller's memory may be used again
      await verifyChunk(hash, copy, crypto);
      kept.set(hash, copy);
    },
    async source(chunks, name) {
      const missing = chunks.filter((chunk) => !isThere(chunk)).map(({ hash }) => hash);
      if (missing.length > 0) throw new ChunksMissingError(name, missing, chunks.length);
      const parts = chunks.map(({ hash, size }) => {
        const bytes = kept.get(hash) as Uint8Array;
        kept.delete(hash);
        kept.set(hash, bytes);
        return { size, open: async () => bytesSource(name, bytes) };
      });
      return joinedSource(name, parts, { onClose: inUse.take(chunks) });
    },
    async trim(maxBytes) {
      let total = [...kept.values()].reduce((sum, bytes) => sum + bytes.length, 0);
      const before = total;
      for (const [hash, bytes] of kept) {
        if (total <= maxBytes) break;
        if (inUse.has(hash)) continue;
        kept.delete(hash);
        total -= bytes.length;
      }
      return before - total;
    },
  };
}
