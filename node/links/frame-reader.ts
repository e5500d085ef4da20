// Finds frames in a stream of bytes that comes in chunks of any size: a length (u32, little-endian), then the frame. It
// believes no length: it keeps what has come and nothing more, and checks a length as soon as it is there.

import { EmptyFrameError, FrameTooLargeError } from '../../shared/mesh/link-errors.ts';
import type { Bytes } from '../../shared/units.ts';

export const LENGTH_BYTES = 4;

export class FrameReader {
  /** The largest frame that is taken. */
  limit: Bytes;
  private readonly peer: string;
  /** What has come and was not taken; `start` bytes of the first were. */
  private chunks: Uint8Array[] = [];
  private start = 0;
  private held: Bytes = 0;

  constructor(peer: string, limit: Bytes) {
    this.peer = peer;
    this.limit = limit;
  }

  /** Bytes that belong to a frame which was not taken yet. */
  get heldBytes(): Bytes {
    return this.held;
  }

  /** The chunk must not be changed afterwards. */
  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.held += chunk.length;
  }

  /** The next frame, in a buffer of its own, if all of it is here. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.held < LENGTH_BYTES) return undefined;
    const length = this.peekLength();
    if (length === 0) throw new EmptyFrameError(this.peer);
    if (length > this.limit) throw new FrameTooLargeError(this.peer, length, this.limit);
    if (this.held < LENGTH_BYTES + length) return undefined;
    this.skip(LENGTH_BYTES);
    return this.take(length);
  }

  clear(): void {
    this.chunks = [];
    this.start = 0;
    this.held = 0;
  }

  private peekLength(): number {
    let chunk = 0;
    let at = this.start;
    let length = 0;
    for (let i = 0; i < LENGTH_BYTES; i++, at++) {
      while (at >= this.chunks[chunk].length) {
        at -= this.chunks[chunk].length;
        chunk++;
      }
      length += this.chunks[chunk][at] * 2 ** (8 * i);
    }
    return length;
  }

  private take(length: Bytes): Uint8Array<ArrayBuffer> {
    const frame = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.chunks[used];
      const end = Math.min(chunk.length, this.start + length - filled);
      frame.set(chunk.subarray(this.start, end), filled);
      filled += end - this.start;
      this.start = end;
      if (end < chunk.length) break;
      used++;
      this.start = 0;
    }
    this.drop(used, length);
    return frame;
  }

  private skip(bytes: Bytes): void {
    this.start += bytes;
    let used = 0;
    while (used < this.chunks.length && this.start >= this.chunks[used].length) {
      this.start -= this.chunks[used].length;
      used++;
    }
    this.drop(used, bytes);
  }

  private drop(chunks: number, bytes: Bytes): void {
    if (chunks === this.chunks.length) this.chunks = [];
    else if (chunks > 0) this.chunks.splice(0, chunks);
    this.held -= bytes;
  }
}
