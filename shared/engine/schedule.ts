// Which positions the next step computes. A pure function of what each sequence still needs; it knows no slots' cache,
// no sampling and no time.

import type { LogitsRequest, Run, Step } from '../device/device.ts';
import type { SlotId, TokenId } from '../units.ts';

/** A sequence that has tokens to compute. */
export interface Pending {
  readonly slot: SlotId;
  /** All tokens of the sequence; those before `position` are in the cache. */
  readonly tokens: readonly TokenId[];
  readonly position: number;
  /** For which of the last tokens logits are wanted, one request each. */
  readonly wanted: readonly LogitsRequest[];
}

export interface StepLimits {
  /** The most tokens that a step may carry. */
  readonly maxTokens: number;
}

/** The part of a step's room that the oldest waiting prompt gets whatever its length. */
const shareOfOldest = 1 / 4;

/**
 * Plans a step for `pending`, oldest request first. Sequences that lack one token, which are generating, come first:
 * each of them costs little, and a reader waits. Prompts share the room that is left, shortest remainder first, so
 * that a short one is not behind a long one; but the oldest always gets a quarter of it and so cannot starve.
 * Callers keep the sequences no more than `maxTokens`; then generating alone never fills a step.
 */
export function planStep(pending: readonly Pending[], limits: StepLimits): Step {
  let room = limits.maxTokens;
  const counts = new Map<Pending, number>();
  const give = (sequence: Pending, most: number): void => {
    const before = counts.get(sequence) ?? 0;
    const count = Math.min(lacking(sequence) - before, most, room);
    if (count <= 0) return;
    counts.set(sequence, before + count);
    room -= count;
  };
  for (const sequence of pending) if (lacking(sequence) === 1) give(sequence, 1);
  const prompts = pending.filter((sequence) => lacking(sequence) > 1);
  if (prompts[0]) give(prompts[0], Math.ceil(room * shareOfOldest));
  // Array.sort is stable: of equal remainders the older comes first.
  for (const sequence of prompts.sort((a, b) => lacking(a) - lacking(b))) give(sequence, room);
  return { runs: [...counts].map(([sequence, count]) => runOf(sequence, count)) };
}

const lacking = ({ tokens, position }: Pending): number => tokens.length - position;

function runOf({ slot, tokens, position, wanted }: Pending, count: number): Run {
  const end = position + count;
  const firstWanted = tokens.length - wanted.length;
  return {
    slot,
    position,
    tokens: tokens.slice(position, end),
    // A chunk that ends early has only those of the requests whose positions it reaches.
    wanted: wanted.slice(Math.max(0, position - firstWanted), Math.max(0, end - firstWanted)),
  };
}
