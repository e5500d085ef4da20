// The links of a node to all others that it works with, by their ids. Sorts what arrives: activations go to the mailbox,
// all else to the node's handler. Knows no plan.

import { FrameKind } from '../mesh/frames.ts';
import type { WatchedLink } from '../mesh/heartbeat.ts';
import type { Milliseconds, PeerId } from '../units.ts';
import { HEAD_BYTES, tagOf } from './frames.ts';
import type { Mailbox } from './mailbox.ts';

export interface PeerHandlers {
  /** Every frame that is no activation; kinds are FrameKind. */
  frame(from: PeerId, kind: number, frame: Uint8Array<ArrayBuffer>): void;
  /** A link is gone. */
  gone(peer: PeerId, reason: Error): void;
}

export class PeerSet {
  private readonly links = new Map<PeerId, WatchedLink>();
  private readonly mail: Mailbox;
  private readonly handlers: PeerHandlers;

  constructor(mail: Mailbox, handlers: PeerHandlers) {
    this.mail = mail;
    this.handlers = handlers;
  }

  has(id: PeerId): boolean {
    return this.links.has(id);
  }

  ids(): PeerId[] {
    return [...this.links.keys()];
  }

  link(id: PeerId): WatchedLink | undefined {
    return this.links.get(id);
  }

  /** To whom how long a round trip takes, as far as it is known. */
  roundTrips(): { readonly id: PeerId; readonly ms: Milliseconds }[] {
    return [...this.links].flatMap(([id, { roundTripMs }]) =>
      roundTripMs === undefined ? [] : { id, ms: roundTripMs },
    );
  }

  /** Takes over the link; one to the same peer that there was is closed. */
  add(id: PeerId, link: WatchedLink): void {
    const before = this.links.get(id);
    this.links.set(id, link);
    before?.close();
    link.onFrame((frame) => this.sort(id, link, frame));
    link.onClose((reason) => {
      if (this.links.get(id) !== link) return;
      this.links.delete(id);
      this.handlers.gone(id, reason);
    });
  }

  /** Does nothing if the peer is gone: `gone` has been or will be called. */
  send(id: PeerId, ...parts: readonly Uint8Array[]): void {
    this.links.get(id)?.send(...parts);
  }

  remove(id: PeerId): void {
    const link = this.links.get(id);
    this.links.delete(id);
    link?.close();
  }

  private sort(id: PeerId, link: WatchedLink, frame: Uint8Array<ArrayBuffer>): void {
    try {
      const kind = frame[0];
      if (kind === FrameKind.sync || kind === FrameKind.hop) {
        this.mail.deliver(id, kind === FrameKind.sync ? 'sync' : 'hop', tagOf(frame), frame.subarray(HEAD_BYTES));
      } else {
        this.handlers.frame(id, kind, frame);
      }
    } catch (error) {
      // A peer that sends what is none of ours cannot be worked with.
      this.links.delete(id);
      link.close();
      this.handlers.gone(id, error as Error);
    }
  }
}
