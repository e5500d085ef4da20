// The Link port: a two-way channel of frames to another node, whatever carries it. Frames arrive whole, in order, once. It
// knows nothing of what frames say.

import type { Bytes } from '../units.ts';

export interface Link {
  /** How people and logs call the other end: an address, a host's name. */
  readonly peer: string;
  /**
   * Sends the parts as one frame, at once. They must not be changed afterwards. Does nothing when the link is closed: the
   * close handler has said or will say so.
   */
  send(...parts: readonly Uint8Array[]): void;
  /** What was given to `send` and has not left this process. */
  readonly bufferedBytes: Bytes;
  /** Resolves once at most `LINK_HIGH_WATER` bytes are buffered, or the link is closed: for senders of much. */
  drained(): Promise<void>;
  /** Called for each frame as it arrives; the frame is the handler's to keep. Frames that came before it is set wait. */
  onFrame(handler: (frame: Uint8Array<ArrayBuffer>) => void): void;
  /** Called once, when the link is closed by either end or breaks; at once if it is closed already. */
  onClose(handler: (reason: Error) => void): void;
  /** What was sent before is still delivered, if the other end is there to take it. */
  close(): void;
  /** The largest frame that is taken from the other end: small for strangers, MAX_FRAME_BYTES once they have proved themselves. */
  limitFrames(bytes: Bytes): void;
}

/** What a stranger may send in one frame. */
export const STRANGER_FRAME_BYTES: Bytes = 4096;
/** What a peer may send in one frame: a prefill's activations of a large model. */
export const MAX_FRAME_BYTES: Bytes = 64 * 2 ** 20;
/** More than this should not wait in a link: it would only take memory. */
export const LINK_HIGH_WATER: Bytes = 4 * 2 ** 20;
