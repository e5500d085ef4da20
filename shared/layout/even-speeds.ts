// Takes the noise out of measured speeds: machines of one kind measure a little differently each time, and slices that
// follow that noise make everyone wait for the rank that got too much. Pure.

import type { PeerId } from '../units.ts';
import type { NodeCapacity } from './layout.ts';

/** Speeds that are at least so much of the fastest of their group count as alike. */
const ALIKE = 0.75;
/** Not all begin at the same time, so what is measured together is off by more. */
const ALIKE_TOGETHER = 0.5;

/**
 * The same nodes in the same order; those of a group are given the group's mean speed. `together` has what each read
 * while all in it did: who was clearly slower then shares something, and of those too like ones are made alike.
 */
export function evenSpeeds(nodes: readonly NodeCapacity[], together?: ReadonlyMap<PeerId, number>): NodeCapacity[] {
  const alone = means(
    nodes.map(({ bytesPerSecond }) => bytesPerSecond),
    ALIKE,
  );
  const left = nodes.map(({ id, bytesPerSecond }) => {
    const speed = together?.get(id) ?? bytesPerSecond;
    return speed < bytesPerSecond * ALIKE ? speed : undefined;
  });
  const sharing = means(
    left.filter((speed) => speed !== undefined),
    ALIKE_TOGETHER,
  );
  let next = 0;
  return nodes.map((node, i): NodeCapacity => {
    const even = { ...node, bytesPerSecond: alone[i] };
    if (left[i] === undefined || !together) return even;
    return { ...even, shared: { bytesPerSecond: sharing[next++], among: together.size } };
  });
}

/** Each speed's group's mean, in the order given. */
function means(speeds: readonly number[], alike: number): number[] {
  const found = new Map<number, number>();
  let left = speeds.toSorted((a, b) => b - a);
  while (left.length > 0) {
    const least = left[0] * alike;
    const group = left.filter((speed) => speed >= least);
    const mean = group.reduce((sum, speed) => sum + speed, 0) / group.length;
    for (const speed of group) found.set(speed, mean);
    left = left.slice(group.length);
  }
  return speeds.map((speed) => found.get(speed) as number);
}
