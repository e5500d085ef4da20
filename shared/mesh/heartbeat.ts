// Finds out when the other end of a link has gone without a word, and how long a round trip takes. It pings every second,
// answers the other end's pings, and keeps both from whoever uses the link.

import type { Milliseconds } from '../units.ts';
import { CloseNotice } from './close-notice.ts';
import { FrameKind } from './frames.ts';
import type { Link } from './link.ts';
import { SilentPeerError } from './link-errors.ts';
import type { Timers } from './timers.ts';

export interface HeartbeatOptions {
  readonly timers: Timers;
  readonly intervalMs?: Milliseconds;
  /** Found out by at most an interval later. */
  readonly deadAfterMs?: Milliseconds;
}

export interface WatchedLink extends Link {
  /** The median of the last round trips; undefined before the first. */
  readonly roundTripMs: Milliseconds | undefined;
}

/** [kind, 0 or 1, number]. */
const PING_BYTES = 6;
const QUESTION = 0;
const ECHO = 1;
const KEPT_ROUND_TRIPS = 9;
/** So many pings follow each other at once in the beginning: plans are made soon after a link is, and cold code is slow. */
const FIRST_PINGS = 16;

/** Takes over the link: use only what is returned. Both ends must be watched. Whoever sets no handler judges nobody. */
export function watchedLink(link: Link, options: HeartbeatOptions): WatchedLink {
  const { timers, intervalMs = 1000, deadAfterMs = 5000 } = options;
  const notice = new CloseNotice();
  const roundTrips: Milliseconds[] = [];
  let listens = false;
  let pings = 0;
  let sentAt = 0;
  let received = link.receivedBytes;
  let lastSignAt = timers.now();
  let dueAt = lastSignAt + intervalMs;

  const ping = (): void => {
    pings++;
    sentAt = timers.now();
    link.send(pingFrame(QUESTION, pings));
  };

  const takePing = (frame: Uint8Array): void => {
    if (frame.length !== PING_BYTES) return;
    const number = new DataView(frame.buffer, frame.byteOffset).getUint32(2, true);
    if (frame[1] === QUESTION) {
      link.send(pingFrame(ECHO, number));
    } else if (number === pings) {
      // An echo that the next ping has overtaken is not measured: it tells of a full link, not of a long one.
      roundTrips.push(timers.now() - sentAt);
      if (roundTrips.length > KEPT_ROUND_TRIPS) roundTrips.shift();
      if (pings < FIRST_PINGS) ping();
    }
  };

  const tick = (): void => {
    const now = timers.now();
    if (link.receivedBytes !== received || !listens) lastSignAt = now;
    received = link.receivedBytes;
    // We were stopped or busy ourselves: what the peer sent meanwhile may be unread. An interval is enough to read it.
    if (now - dueAt > deadAfterMs / 2) lastSignAt = Math.max(lastSignAt, now - deadAfterMs + intervalMs);
    if (now - lastSignAt >= deadAfterMs) {
      notice.give(new SilentPeerError(link.peer, now - lastSignAt));
      link.close();
      return;
    }
    ping();
    dueAt = now + intervalMs;
    stopTimer = timers.after(intervalMs, tick);
  };

  let stopTimer = timers.after(intervalMs, tick);
  link.onClose((reason) => {
    stopTimer();
    notice.give(reason);
  });

  return {
    peer: link.peer,
    send: (...parts) => link.send(...parts),
    get bufferedBytes() {
      return link.bufferedBytes;
    },
    get receivedBytes() {
      return link.receivedBytes;
    },
    drained: () => link.drained(),
    onFrame(handler) {
      listens = handler !== undefined;
      if (listens && pings === 0) ping();
      link.onFrame(handler && ((frame) => (frame[0] === FrameKind.ping ? takePing(frame) : handler(frame))));
    },
    onClose: (handler) => notice.add(handler),
    close: () => link.close(),
    limitFrames: (bytes) => link.limitFrames(bytes),
    get roundTripMs() {
      return roundTrips.toSorted((a, b) => a - b)[roundTrips.length >> 1];
    },
  };
}

function pingFrame(direction: number, number: number): Uint8Array {
  const frame = new Uint8Array(PING_BYTES);
  frame[0] = FrameKind.ping;
  frame[1] = direction;
  new DataView(frame.buffer).setUint32(2, number, true);
  return frame;
}
