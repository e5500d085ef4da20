// Takes the noise out of measured speeds: machines of one kind measure a little differently each time, and slices that
// follow that noise make everyone wait for the rank that got too much. Pure.

import type { NodeCapacity } from './layout.ts';

/** Nodes that are at least so fast, compared with the fastest of their group, count as its like. */
const ALIKE = 0.75;

/** The same nodes in the same order; those of a group are given the group's mean speed. */
export function evenSpeeds(nodes: readonly NodeCapacity[]): NodeCapacity[] {
  const speeds = new Map<NodeCapacity, number>();
  let left = nodes.toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  while (left.length > 0) {
    const least = left[0].bytesPerSecond * ALIKE;
    const group = left.filter(({ bytesPerSecond }) => bytesPerSecond >= least);
    const mean = group.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0) / group.length;
    for (const node of group) speeds.set(node, mean);
    left = left.slice(group.length);
  }
  return nodes.map((node) => ({ ...node, bytesPerSecond: speeds.get(node) as number }));
}
