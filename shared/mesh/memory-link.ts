// Two ends of a link in one process, for tests and for nodes that share one: with the delays of a real wire if wanted.
// What is lost comes later, as on every reliable transport, and what was sent after it waits.

import type { Bytes, Milliseconds } from '../units.ts';
import { CloseNotice } from './close-notice.ts';
import {
  type CloseHandler,
  type FrameHandler,
  frameBytes,
  LINK_HIGH_WATER,
  type Link,
  MAX_FRAME_BYTES,
} from './link.ts';
import { FrameTooLargeError, LinkClosedError } from './link-errors.ts';
import type { Timers } from './timers.ts';

export interface MemoryLinkOptions {
  /** One way. Nothing given: frames arrive as soon as the sender's code lets go of the thread. */
  readonly latencyMs?: Milliseconds;
  /** At most this is added to the latency, at random. */
  readonly jitterMs?: Milliseconds;
  /** The part of frames that are lost and sent again, 0 to 1. */
  readonly lossRate?: number;
  /** 0 to 1, as Math.random. */
  readonly random?: () => number;
  /** Needed where there are delays. */
  readonly timers?: Timers;
  /** What the two ends call each other: the first end's own name, then the second's. */
  readonly names?: readonly [string, string];
}

export type MemoryLinks = [Link, Link] & {
  /** Pulls the cable: nothing arrives any more, and neither end is told. */
  cut(): void;
};

/** Peers in one process are no strangers: frames of up to MAX_FRAME_BYTES are taken from the start. */
export function memoryLinks(options: MemoryLinkOptions = {}): MemoryLinks {
  const { names = ['memory a', 'memory b'] } = options;
  const ends = [new MemoryLink(names[1], wire(options)), new MemoryLink(names[0], wire(options))] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  const cut = (): void => {
    for (const end of ends) end.isCut = true;
  };
  return Object.assign<[Link, Link], { cut(): void }>([...ends], { cut });
}

/** Calls `deliver` when what is sent now has arrived: in the order of the calls. */
type Wire = (deliver: () => void) => void;

/** How much longer a frame takes that had to be sent again: TCP waits some round trips until it does. */
const RETRANSMIT_FACTOR = 10;

function wire({ latencyMs = 0, jitterMs = 0, lossRate = 0, random = Math.random, timers }: MemoryLinkOptions): Wire {
  if (latencyMs === 0 && jitterMs === 0 && lossRate === 0) return (deliver) => void Promise.resolve().then(deliver);
  if (timers === undefined) throw new TypeError('a memory link with delays needs timers');
  const onTheWay: { dueAt: Milliseconds; deliver: () => void }[] = [];
  let lastDueAt = 0;
  let armed = false;
  const arm = (): void => {
    if (armed || onTheWay.length === 0) return;
    armed = true;
    timers.after(Math.max(0, onTheWay[0].dueAt - timers.now()), arrive);
  };
  const arrive = (): void => {
    armed = false;
    while (onTheWay.length > 0 && onTheWay[0].dueAt <= timers.now()) onTheWay.shift()?.deliver();
    arm();
  };
  return (deliver) => {
    const resent = random() < lossRate ? Math.max(1, RETRANSMIT_FACTOR * latencyMs) : 0;
    lastDueAt = Math.max(lastDueAt, timers.now() + latencyMs + random() * jitterMs + resent);
    onTheWay.push({ dueAt: lastDueAt, deliver });
    arm();
  };
}

class MemoryLink implements Link {
  readonly peer: string;
  bufferedBytes: Bytes = 0;
  receivedBytes: Bytes = 0;
  isCut = false;
  other: MemoryLink = this;
  private readonly wire: Wire;
  private readonly notice = new CloseNotice();
  private readonly waiters: (() => void)[] = [];
  /** What has come and was not handed on; `undefined`: the other end's close. */
  private readonly arrived: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  private handler: FrameHandler | undefined;
  private limit: Bytes = MAX_FRAME_BYTES;

  constructor(peer: string, sendingWire: Wire) {
    this.peer = peer;
    this.wire = sendingWire;
  }

  send(...parts: readonly Uint8Array[]): void {
    const frame = new Uint8Array(frameBytes(parts));
    if (this.notice.given) return;
    let at = 0;
    for (const part of parts) {
      frame.set(part, at);
      at += part.length;
    }
    this.bufferedBytes += frame.length;
    this.wire(() => this.other.arrive(frame));
  }

  async drained(): Promise<void> {
    if (this.isDrained()) return;
    await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  onFrame(handler: FrameHandler | undefined): void {
    this.handler = handler;
    this.handOn();
  }

  onClose(handler: CloseHandler): void {
    this.notice.add(handler);
  }

  close(): void {
    if (this.notice.given) return;
    this.wire(() => this.other.arrive(undefined));
    this.end(new LinkClosedError(this.peer, 'this end'));
  }

  limitFrames(bytes: Bytes): void {
    this.limit = bytes;
  }

  private arrive(item: Uint8Array<ArrayBuffer> | undefined): void {
    if (this.isCut) return;
    if (this.notice.given) {
      this.other.left(item?.length ?? 0);
      return;
    }
    this.receivedBytes += item?.length ?? 0;
    this.arrived.push(item);
    this.handOn();
  }

  /** The handler may take itself away, or close the link, at every frame. */
  private handOn(): void {
    while (this.handler && this.arrived.length > 0) {
      const item = this.arrived.shift();
      if (item === undefined) {
        this.end(new LinkClosedError(this.peer, 'the other end'));
        return;
      }
      this.other.left(item.length);
      if (item.length > this.limit) {
        this.wire(() => this.other.arrive(undefined));
        this.end(new FrameTooLargeError(this.peer, item.length, this.limit));
        return;
      }
      this.handler(item);
    }
  }

  private left(bytes: Bytes): void {
    this.bufferedBytes -= bytes;
    this.wakeWaiters();
  }

  private end(reason: Error): void {
    for (const item of this.arrived) this.other.left(item?.length ?? 0);
    this.arrived.length = 0;
    this.notice.give(reason);
    this.wakeWaiters();
  }

  private isDrained(): boolean {
    return this.bufferedBytes <= LINK_HIGH_WATER || this.notice.given;
  }

  private wakeWaiters(): void {
    if (!this.isDrained()) return;
    for (const wake of this.waiters.splice(0)) wake();
  }
}
