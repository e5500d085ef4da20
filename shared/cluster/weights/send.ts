// A root's side of giving a worker its weights: reads what the worker lacks, chunk by chunk, no faster than it can be taken.
// Holds a chunk or two, never a slice.

import type { WeightFile } from '../../device/device.ts';
import type { Bytes } from '../../units.ts';
import { ChunkListError } from './chunk-errors.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { Chunk } from './chunks.ts';

export interface ChunkOutlet {
  /** Takes the bytes over; they are not used again here. */
  send(index: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Resolves when more may be sent, or when that makes no sense any more: then `aborted` says so. */
  drained(): Promise<void>;
}

export interface SendJob {
  readonly file: WeightFile;
  readonly chunks: readonly Chunk[];
  /** Which of them, as the worker asked. */
  readonly indexes: readonly number[];
  readonly outlet: ChunkOutlet;
  readonly aborted?: () => boolean;
  readonly onProgress?: (sent: Bytes, total: Bytes) => void;
}

/** Whether all was sent; false if it was aborted. */
export async function sendChunks({ file, chunks, indexes, outlet, aborted, onProgress }: SendJob): Promise<boolean> {
  const asked = checkedIndexes(indexes, chunks.length);
  const total = asked.reduce((sum, index) => sum + chunks[index].size, 0);
  const reader = new ChunkReader(file);
  let sent = 0;
  for (const index of asked) {
    if (aborted?.()) return false;
    const chunk = chunks[index];
    const bytes = new Uint8Array(chunk.size);
    await reader.read(chunk, bytes); // while the chunk before is on its way
    await outlet.drained();
    if (aborted?.()) return false;
    outlet.send(index, bytes);
    sent += chunk.size;
    onProgress?.(sent, total);
  }
  return true;
}

/** Each once, in the order in which they lie in the file, mostly. */
function checkedIndexes(indexes: unknown, count: number): number[] {
  if (!Array.isArray(indexes)) throw new ChunkListError('the worker asked for no list of chunks');
  for (const index of indexes) {
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new ChunkListError(`the worker asked for chunk ${index}, of ${count}`);
    }
  }
  return [...new Set<number>(indexes)].sort((a, b) => a - b);
}

/** What may be on its way to a worker, or in its memory, before it has written it. */
export const WINDOW_BYTES: Bytes = 16 * 2 ** 20;

/**
 * Bounds what a worker has to hold: a network is faster than the card in a Raspberry Pi, and a link takes frames as they
 * come. The worker says what it has written, and `room` waits for it.
 */
export class SendWindow {
  private readonly limit: Bytes;
  private pending: Bytes = 0;
  private readonly waiting = new Set<() => void>();
  private released = false;

  constructor(limit: Bytes = WINDOW_BYTES) {
    this.limit = limit;
  }

  sent(bytes: Bytes): void {
    this.pending += bytes;
  }

  /** The worker has written so many bytes more. */
  written(bytes: Bytes): void {
    this.pending = Math.max(0, this.pending - bytes); // a worker may count a chunk twice that it needs at two places
    if (this.pending < this.limit) this.wake();
  }

  /** Resolves when less than the limit is pending. */
  async room(): Promise<void> {
    while (this.pending >= this.limit && !this.released) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
      });
    }
  }

  /** Nobody need wait any more: the worker is gone. */
  release(): void {
    this.released = true;
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
