// Why a link has closed, one class a cause. What only one kind of link knows, such as a socket's faults, stands with it.

import { ShoalError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';

abstract class LinkError extends ShoalError {
  readonly blame = 'runtime';
}

/** Nothing went wrong: one of the two ends called `close`. */
export class LinkClosedError extends LinkError {
  constructor(peer: string, by: 'this end' | 'the other end') {
    super(
      by === 'this end'
        ? `The connection to ${peer} was closed here; connect again to go on`
        : `${peer} has closed the connection; look there for the reason, or connect again`,
    );
  }
}

/** Nothing came for so long that the other end must be gone: a pulled cable, a sleeping phone, a crashed machine. */
export class SilentPeerError extends LinkError {
  constructor(peer: string, silentMs: Milliseconds) {
    super(
      `${peer} has not answered for ${Math.round(silentMs / 1000)} s; ` +
        'check that it is switched on, awake and in the network',
    );
  }
}

/** What came can be no frame of Shoal, or not of one that we trust so far. */
export abstract class BadFrameError extends LinkError {}

export class FrameTooLargeError extends BadFrameError {
  constructor(peer: string, bytes: Bytes, limit: Bytes) {
    super(
      `${peer} announced a frame of ${grouped(bytes)} bytes, of ${grouped(limit)} allowed; ` +
        'run the same version of Shoal on both machines',
    );
  }
}

export class EmptyFrameError extends BadFrameError {
  constructor(peer: string) {
    super(`${peer} announced a frame of 0 bytes, which none has; run the same version of Shoal on both machines`);
  }
}

export class TruncatedFrameError extends BadFrameError {
  constructor(peer: string, got: Bytes) {
    super(`${peer} closed the connection in the middle of a frame, ${grouped(got)} bytes into it; connect again`);
  }
}

const grouped = (value: number): string => value.toLocaleString('en-US');
