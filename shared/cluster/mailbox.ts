// Where frames of peers wait for those who compute: in order for each peer and lane. Every plan has a number, its tag, and
// frames of older plans are thrown away: their senders had not heard yet. Knows no links.

import type { PeerId } from '../units.ts';

/** `sync`: parts of collectives. `hop`: activations from the stage before. */
export type Lane = 'sync' | 'hop';

type Bytes = Uint8Array<ArrayBuffer>;

interface Queue {
  readonly arrived: Bytes[];
  waiting: { resolve: (bytes: Bytes) => void; reject: (error: Error) => void } | undefined;
}

export class Mailbox {
  private tag = 0;
  private failure: Error | undefined;
  private readonly queues = new Map<string, { readonly tag: number; readonly queue: Queue }>();

  /** From now on only frames of this plan count. Those of it that came already are there. */
  begin(tag: number): void {
    this.fail(new Error('another plan began'));
    this.tag = tag;
    this.failure = undefined;
    for (const [key, entry] of this.queues) if (entry.tag < tag) this.queues.delete(key);
  }

  deliver(from: PeerId, lane: Lane, tag: number, bytes: Bytes): void {
    if (tag < this.tag) return;
    const queue = this.queueOf(from, lane, tag);
    const { waiting } = queue;
    queue.waiting = undefined;
    if (waiting) waiting.resolve(bytes);
    else queue.arrived.push(bytes);
  }

  /** The next frame: at once if it is there. Throws or rejects once the plan has failed. */
  receive(from: PeerId, lane: Lane): Bytes | Promise<Bytes> {
    if (this.failure) throw this.failure;
    const queue = this.queueOf(from, lane, this.tag);
    return (
      queue.arrived.shift() ??
      new Promise((resolve, reject) => {
        queue.waiting = { resolve, reject };
      })
    );
  }

  /** Nothing will come any more for this plan: everyone who waits, now or later, gets the error. */
  fail(error: Error): void {
    this.failure = error;
    for (const { queue } of this.queues.values()) {
      queue.waiting?.reject(error);
      queue.waiting = undefined;
    }
  }

  private queueOf(from: PeerId, lane: Lane, tag: number): Queue {
    const key = `${tag} ${lane} ${from}`;
    const found = this.queues.get(key);
    if (found) return found.queue;
    const queue: Queue = { arrived: [], waiting: undefined };
    this.queues.set(key, { tag, queue });
    return queue;
  }
}
