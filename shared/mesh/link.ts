// The Link port: a two-way channel of frames to another node, whatever carries it. Frames arrive whole, in order, once. It
// knows nothing of what frames say.

import type { Bytes } from '../units.ts';

export type FrameHandler = (frame: Uint8Array<ArrayBuffer>) => void;
export type CloseHandler = (reason: Error) => void;

export interface Link {
  /** How people and logs call the other end: an address, a host's name. */
  readonly peer: string;
  /**
   * Sends the parts, together 1 to MAX_FRAME_BYTES, as one frame, at once. They must not be changed afterwards. Does
   * nothing when the link is closed: the close handler has said or will say so.
   */
  send(...parts: readonly Uint8Array[]): void;
  /** What was given to `send` and has not left this process. */
  readonly bufferedBytes: Bytes;
  /** What has come from the other end, frames that are not yet whole included: a large frame is a long sign of life. */
  readonly receivedBytes: Bytes;
  /** Resolves once at most `LINK_HIGH_WATER` bytes are buffered, or the link is closed: for senders of much. */
  drained(): Promise<void>;
  /**
   * Called for each frame as it arrives. The frame is the handler's to keep and lies at the start of a buffer of its own.
   * While there is no handler, frames wait, and so does the news that the other end has closed the link after them.
   */
  onFrame(handler: FrameHandler | undefined): void;
  /** Called once, when the link is closed by either end or breaks; at once if it is closed already. There may be many. */
  onClose(handler: CloseHandler): void;
  /** What was sent before is still delivered, if the other end is there to take it. Nothing arrives here any more. */
  close(): void;
  /**
   * The largest frame that is taken from the other end: small for strangers, MAX_FRAME_BYTES once they have proved
   * themselves. A larger one closes the link, but not while frames wait for a handler.
   */
  limitFrames(bytes: Bytes): void;
}

/** What a stranger may send in one frame. */
export const STRANGER_FRAME_BYTES: Bytes = 4096;
/** What a peer may send in one frame: a prefill's activations of a large model. */
export const MAX_FRAME_BYTES: Bytes = 64 * 2 ** 20;
/** More than this should not wait in a link: it would only take memory. */
export const LINK_HIGH_WATER: Bytes = 4 * 2 ** 20;

/** What all links check of a frame before they send it: a fault of the caller, not of the network. */
export function frameBytes(parts: readonly Uint8Array[]): Bytes {
  let total = 0;
  for (const part of parts) total += part.length;
  if (total < 1 || total > MAX_FRAME_BYTES) {
    throw new RangeError(`a frame has 1 to ${MAX_FRAME_BYTES} bytes, not ${total}`);
  }
  return total;
}
