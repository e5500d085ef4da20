// The ChunkStore port: where a worker keeps weights, by content, so that what is the same in another layout, or of another
// model, is not sent again. Knows nothing of programs; a chunk is bytes with a name that proves them.

import type { MeshCrypto } from '../../mesh/crypto.ts';
import type { ByteSource } from '../../model/byte-source.ts';
import type { Bytes } from '../../units.ts';
import { ChunkDamagedError } from './chunk-errors.ts';

/** `hash`: SHA-256 of the bytes, in lower-case hexadecimal. */
export interface ChunkId {
  readonly hash: string;
  readonly size: Bytes;
}

export interface ChunkStore {
  /** Whether it is there in this size; what has another size is no chunk but the rest of an accident. */
  has(chunk: ChunkId): Promise<boolean>;
  /** Rejects with a ChunkDamagedError, and keeps nothing, unless `hash` is that of the bytes. */
  write(hash: string, bytes: Uint8Array): Promise<void>;
  /**
   * The chunks one after the other as one source, which marks them as used. Rejects with a ChunksMissingError if one is
   * not there in its size. They stay until the source is closed.
   */
  source(chunks: readonly ChunkId[], name: string): Promise<ByteSource>;
  /** Deletes what was not used for the longest time until at most `maxBytes` remain; what is in use stays. Returns how much went. */
  trim(maxBytes: Bytes): Promise<Bytes>;
}

/** Hashes come from other nodes and become names of files, so nothing else may pass. */
export const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

export async function hashOf(bytes: Uint8Array, crypto: MeshCrypto): Promise<string> {
  return Array.from(await crypto.sha256(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What every store does before it keeps a chunk. */
export async function verifyChunk(hash: string, bytes: Uint8Array, crypto: MeshCrypto): Promise<void> {
  if (!isHash(hash)) throw new ChunkDamagedError('its name is no SHA-256');
  const actual = await hashOf(bytes, crypto);
  if (actual !== hash)
    throw new ChunkDamagedError(`its SHA-256 begins with ${actual.slice(0, 8)}, not ${hash.slice(0, 8)}`);
}

/** Which contents open sources need, so that `trim` spares them. */
export class ChunksInUse {
  private readonly users = new Map<string, number>();

  has(hash: string): boolean {
    return this.users.has(hash);
  }

  /** The returned function gives them back; more than once does no harm. */
  take(chunks: readonly ChunkId[]): () => void {
    const hashes = new Set(chunks.map(({ hash }) => hash));
    for (const hash of hashes) this.users.set(hash, (this.users.get(hash) ?? 0) + 1);
    return () => {
      for (const hash of hashes) {
        const left = (this.users.get(hash) as number) - 1;
        if (left === 0) this.users.delete(hash);
        else this.users.set(hash, left);
      }
      hashes.clear();
    };
  }
}
