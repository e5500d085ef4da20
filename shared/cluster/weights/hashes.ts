// The SHA-256 of each chunk of a worker's weights, by which the worker knows what it has already. To compute them the
// model's file must be read once, so a root remembers them. Knows no links.

import type { WeightFile } from '../../device/device.ts';
import type { MeshCrypto } from '../../mesh/crypto.ts';
import { weightKey } from '../../program/program.ts';
import type { Bytes } from '../../units.ts';
import { ChunkReader } from './chunk-reader.ts';
import { hashOf } from './chunk-store.ts';
import type { Chunk } from './chunks.ts';

/** Hashes of chunks of a model, by weightKey of their rectangle. */
export type KnownHashes = Map<string, string>;

/**
 * Remembers the hashes of a file's chunks from one start to the next. A fingerprint tells the file from others and from
 * what it was before: its path, size and time of change, say. To forget is no failure: it costs time.
 */
export interface HashCache {
  /** Empty if nothing is known of exactly this file. */
  load(fingerprint: string): Promise<KnownHashes>;
  save(fingerprint: string, hashes: KnownHashes): Promise<void>;
}

export interface HashOptions {
  /** Those that are in it are not computed, and those that are computed come into it, even if the work ends early. */
  readonly known?: KnownHashes;
  readonly onProgress?: (done: Bytes, total: Bytes) => void;
  /** Asked before each chunk; when it is true the work ends with an error. */
  readonly aborted?: () => boolean;
}

/** Reading and hashing go on side by side, each chunk in one lane. */
const LANES = 2;

/** One hash a chunk, in order. Workers' chunks may go through one after the other with the same `known`. */
export async function chunkHashes(
  file: WeightFile,
  chunks: readonly Chunk[],
  crypto: MeshCrypto,
  { known = new Map(), onProgress, aborted }: HashOptions = {},
): Promise<string[]> {
  const queue = chunks.filter(({ rectangle }) => !known.has(weightKey(rectangle))).reverse();
  const total = sizeOf(chunks);
  let done = total - sizeOf(queue);
  onProgress?.(done, total);
  const lane = async (): Promise<void> => {
    const reader = new ChunkReader(file);
    let memory = new Uint8Array(0);
    try {
      for (let chunk = queue.pop(); chunk; chunk = queue.pop()) {
        if (aborted?.()) throw new Error('hashing the weights was aborted');
        if (memory.length < chunk.size) memory = new Uint8Array(chunk.size);
        const bytes = memory.subarray(0, chunk.size);
        await reader.read(chunk, bytes);
        known.set(weightKey(chunk.rectangle), await hashOf(bytes, crypto));
        done += chunk.size;
        onProgress?.(done, total);
      }
    } catch (error) {
      queue.length = 0; // the other lane need not go on
      throw error;
    }
  };
  // Not Promise.all: when this ends nobody reads from the file any more, and the caller may close it.
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
  return chunks.map(({ rectangle }) => known.get(weightKey(rectangle)) as string);
}

const sizeOf = (chunks: readonly Chunk[]): Bytes => chunks.reduce((sum, { size }) => sum + size, 0);
