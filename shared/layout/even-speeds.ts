// Takes the noise out of measured speeds: machines of one kind measure a little differently each time, and slices that
// follow that noise make everyone wait for the rank that got too much. Pure.

import type { PeerId } from '../units.ts';
import type { NodeCapacity } from './layout.ts';

/** Speeds that are at least so much of the fastest of their group count as alike; and of what one had alone. */
const ALIKE = 0.75;

/**
 * The same nodes in the same order; those of a group are given the group's mean speed. `together` has what each read
 * while all in it did: who was clearly slower then shares something. All of those keep the same part of their speed, the
 * mean of theirs: not all begin at the same time, so that one alone is measured badly.
 */
export function evenSpeeds(nodes: readonly NodeCapacity[], together?: ReadonlyMap<PeerId, number>): NodeCapacity[] {
  const even = groupMeans(nodes);
  const parts = nodes.map(({ id, bytesPerSecond }) => (together?.get(id) ?? bytesPerSecond) / bytesPerSecond);
  const kept = parts.filter((part) => part < ALIKE);
  const mean = kept.reduce((sum, part) => sum + part, 0) / kept.length;
  return nodes.map((node, i): NodeCapacity => {
    const bytesPerSecond = even[i];
    if (!together || !(parts[i] < ALIKE)) return { ...node, bytesPerSecond };
    return { ...node, bytesPerSecond, shared: { bytesPerSecond: bytesPerSecond * mean, among: together.size } };
  });
}

function groupMeans(nodes: readonly NodeCapacity[]): number[] {
  const speeds = new Map<NodeCapacity, number>();
  let left = nodes.toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  while (left.length > 0) {
    const least = left[0].bytesPerSecond * ALIKE;
    const group = left.filter(({ bytesPerSecond }) => bytesPerSecond >= least);
    const mean = group.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0) / group.length;
    for (const node of group) speeds.set(node, mean);
    left = left.slice(group.length);
  }
  return nodes.map((node) => speeds.get(node) as number);
}
