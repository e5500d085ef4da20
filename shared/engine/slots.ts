// The places of the KV cache and what each holds. A place that was given back keeps its keys and values until another
// sequence needs it, so that a conversation that goes on does not compute its beginning again.

import type { SlotId, TokenId } from '../units.ts';

interface Slot {
  readonly id: SlotId;
  /** The tokens whose keys and values are at positions 0, 1, … */
  held: TokenId[];
  busy: boolean;
  /** Grows with every use; the smallest was used longest ago. */
  lastUse: number;
}

export interface Lease {
  readonly slot: SlotId;
  /** How many of the sequence's first tokens are in the cache already. */
  readonly reused: number;
}

export class SlotPool {
  private readonly slots: Slot[];
  private uses = 0;

  constructor(count: number) {
    this.slots = Array.from({ length: count }, (_, id) => ({ id, held: [], busy: false, lastUse: 0 }));
  }

  get free(): number {
    return this.slots.filter((slot) => !slot.busy).length;
  }

  /**
   * Takes a free slot for `tokens`, or undefined if there is none: the one that shares the longest prefix, else the
   * one used longest ago. Sharing counts only where at least half of what the slot holds is kept: two conversations
   * that have just a system prompt in common must not take turns in one slot while another lies idle.
   * `mayReuse` bounds the prefix: the last prompt token has to be computed to have logits.
   */
  take(tokens: readonly TokenId[], mayReuse: number = tokens.length - 1): Lease | undefined {
    let best: Slot | undefined;
    let bestShared = -1;
    for (const slot of this.slots) {
      if (slot.busy) continue;
      const shared = commonPrefix(slot.held, tokens);
      const worth = shared >= slot.held.length - shared ? shared : 0;
      if (!best || worth > bestShared || (worth === bestShared && slot.lastUse < best.lastUse)) {
        best = slot;
        bestShared = worth;
      }
    }
    if (!best) return undefined;
    best.busy = true;
    best.lastUse = ++this.uses;
    return { slot: best.id, reused: Math.max(0, Math.min(mayReuse, commonPrefix(best.held, tokens))) };
  }

  /** The cache of `slot` now holds `tokens` from `position`, and nothing after them. */
  record(slot: SlotId, position: number, tokens: readonly TokenId[]): void {
    const { held } = this.slots[slot]!;
    held.length = position;
    for (const token of tokens) held.push(token);
  }

  /** What the slot held can no longer be relied on. */
  forget(slot: SlotId): void {
    this.slots[slot]!.held = [];
  }

  forgetAll(): void {
    for (const { id } of this.slots) this.forget(id);
  }

  release(slot: SlotId): void {
    const given = this.slots[slot]!;
    given.busy = false;
    given.lastUse = given.held.length > 0 ? ++this.uses : 0; // one that holds nothing is the best to take next
  }
}

/** How many of their first tokens are the same. */
export function commonPrefix(a: readonly TokenId[], b: readonly TokenId[]): number {
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a[i] === b[i]) i++;
  return i;
}
