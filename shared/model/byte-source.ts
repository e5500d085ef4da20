// The port through which readers see a file, a blob or a download: ranges of bytes, never the whole.

import type { Bytes } from '../units.ts';

export interface ByteSource {
  /** What errors call it, usually the path. */
  readonly name: string;
  readonly size: Bytes;
  /** Fills `target` with the bytes from `offset`. Rejects with a ShoalError if they are not all there. */
  readInto(offset: Bytes, target: Uint8Array): Promise<void>;
  /** What a thread of this machine needs to open the same bytes itself: structured-cloneable, undefined if it cannot. */
  readonly location?: unknown;
  close(): Promise<void>;
}
