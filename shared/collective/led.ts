// What ranks do who have a leader, rank 0: it gets the sum of what they have, and they get what it goes on with. Together
// that is an all-reduce by star, but between its halves the leader computes. Knows messages, no links.

import type { Group } from './group.ts';
import type { VectorCodec } from './vector-codec.ts';

/** Leaves in the leader's `vector` the sum over all ranks, in their order. The others only send. */
export async function collect(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const { length } = vector;
  if (group.rank > 0) return group.send(0, codec.encode(vector, 0, length));
  for (let from = 1; from < group.size; from++) codec.add(await group.receive(from), vector, 0, length);
}

/** The leader's bytes to all others. */
export function spread(group: Group, bytes: Uint8Array): void {
  for (let to = 1; to < group.size; to++) group.send(to, bytes);
}
