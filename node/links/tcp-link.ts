// A link over a TCP socket. Half a round trip is the price of every sync point, so a frame leaves in one write and is
// handed on in the event that brought its last byte. A peer that vanishes is found by the heartbeat, not here.

import type { Socket } from 'node:net';
import { CloseNotice } from '../../shared/mesh/close-notice.ts';
import {
  type CloseHandler,
  type FrameHandler,
  frameBytes,
  LINK_HIGH_WATER,
  type Link,
  STRANGER_FRAME_BYTES,
} from '../../shared/mesh/link.ts';
import { LinkClosedError, TruncatedFrameError } from '../../shared/mesh/link-errors.ts';
import type { Bytes, Milliseconds } from '../../shared/units.ts';
import { FrameReader, LENGTH_BYTES } from './frame-reader.ts';
import { ConnectionBrokenError } from './tcp-errors.ts';

/** Up to this size, copying the parts together costs less than handing them to the system one by one. */
const COPIED_BYTES: Bytes = 32 * 1024;
const KEEP_ALIVE_MS: Milliseconds = 10_000;
/** How long a closed socket may take to get rid of what was sent, and then to hear the other end close it too. */
const CLOSING_MS: Milliseconds = 5000;
const STRANGER_CLOSING_MS: Milliseconds = 1000;

/** Takes over a connected socket. */
export const tcpLink = (socket: Socket, peer: string): Link => new TcpLink(socket, peer);

class TcpLink implements Link {
  readonly peer: string;
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private readonly notice = new CloseNotice();
  private readonly waiters: (() => void)[] = [];
  private handler: FrameHandler | undefined;
  private hasEnded = false;

  constructor(socket: Socket, peer: string) {
    this.peer = peer;
    this.socket = socket;
    this.reader = new FrameReader(peer, STRANGER_FRAME_BYTES);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('end', () => {
      this.hasEnded = true;
      this.handOn();
    });
    socket.on('error', (error) => this.stop(new ConnectionBrokenError(peer, error)));
    socket.on('close', () => this.stop(new ConnectionBrokenError(peer, 'the other end dropped it')));
    // The other end's last frames may wait for a handler when it has closed already; we end in `stop`.
    socket.allowHalfOpen = true;
    socket.pause(); // Until there is a handler.
  }

  get bufferedBytes(): Bytes {
    return this.socket.writableLength;
  }

  get receivedBytes(): Bytes {
    return this.socket.bytesRead;
  }

  send(...parts: readonly Uint8Array[]): void {
    const total = frameBytes(parts);
    if (this.notice.given) return;
    const { socket } = this;
    const copied = total <= COPIED_BYTES;
    const head = Buffer.allocUnsafe(LENGTH_BYTES + (copied ? total : 0));
    head.writeUInt32LE(total);
    if (copied) {
      let at = LENGTH_BYTES;
      for (const part of parts) {
        head.set(part, at);
        at += part.length;
      }
      socket.write(head, this.wakeWaiters);
      return;
    }
    socket.cork();
    socket.write(head);
    for (const part of parts) socket.write(part, this.wakeWaiters);
    socket.uncork();
  }

  async drained(): Promise<void> {
    if (this.isDrained()) return;
    await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  onFrame(handler: FrameHandler | undefined): void {
    this.handler = handler;
    if (this.notice.given) return;
    if (handler) this.socket.resume();
    this.handOn();
  }

  onClose(handler: CloseHandler): void {
    this.notice.add(handler);
  }

  close(): void {
    this.stop(new LinkClosedError(this.peer, 'this end'));
  }

  limitFrames(bytes: Bytes): void {
    this.reader.limit = bytes;
  }

  private take(chunk: Buffer): void {
    if (this.notice.given) return;
    this.reader.add(chunk);
    this.handOn();
  }

  /** The handler may take itself away, or close the link, at every frame. */
  private handOn(): void {
    try {
      while (this.handler && !this.notice.given) {
        const frame = this.nextFrame();
        if (!frame) {
          if (this.hasEnded) this.stop(this.whyEnded());
          return;
        }
        this.handler(frame);
      }
    } finally {
      if (!this.handler && !this.notice.given) this.socket.pause();
    }
  }

  private nextFrame(): Uint8Array<ArrayBuffer> | undefined {
    try {
      return this.reader.next();
    } catch (error) {
      this.stop(error as Error);
      // There is nothing to be said to somebody who does not speak our protocol.
      this.socket.destroy();
      return undefined;
    }
  }

  private whyEnded(): Error {
    const { heldBytes } = this.reader;
    return heldBytes > 0
      ? new TruncatedFrameError(this.peer, Math.max(0, heldBytes - LENGTH_BYTES))
      : new LinkClosedError(this.peer, 'the other end');
  }

  /** Nothing more is handed on, but what was sent still leaves. */
  private stop(reason: Error): void {
    if (this.notice.given) return;
    const { socket } = this;
    const closingMs = this.reader.limit > STRANGER_FRAME_BYTES ? CLOSING_MS : STRANGER_CLOSING_MS;
    this.reader.clear();
    // Data that nobody reads would make the system break the connection, and what was sent last might be lost.
    socket.resume();
    socket.setTimeout(closingMs, () => socket.destroy());
    socket.once('finish', () => {
      const timer = setTimeout(() => socket.destroy(), closingMs);
      socket.once('close', () => clearTimeout(timer));
    });
    socket.end();
    this.notice.give(reason);
    this.wakeWaiters();
  }

  private isDrained(): boolean {
    return this.bufferedBytes <= LINK_HIGH_WATER || this.notice.given;
  }

  private readonly wakeWaiters = (): void => {
    if (this.waiters.length === 0 || !this.isDrained()) return;
    for (const wake of this.waiters.splice(0)) wake();
  };
}
