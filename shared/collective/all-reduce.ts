// Five ways to add up the vectors of all ranks so that every rank has the sum, to the bit the same. Which is fastest
// depends on the network, the number of ranks and the length; choice.ts chooses. Knows messages, no links.
//
// With a codec that rounds, whoever sends a sum goes on with what the others will read of it, never with what it had.
// Sources: Thakur, Rabenseifner, Gropp: "Optimization of Collective Communication Operations in MPICH" (2005); the ring
// is that of Patarasuk and Yuan: "Bandwidth optimal all-reduce algorithms for clusters of workstations" (2009).

import type { Group } from './group.ts';
import type { VectorCodec } from './vector-codec.ts';

export const ALGORITHMS = ['all-to-all', 'reduce-scatter', 'recursive-doubling', 'star', 'ring'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Replaces `vector` by the sum over all ranks. All call it with the same algorithm, length and codec. */
export async function allReduce(
  algorithm: Algorithm,
  group: Group,
  vector: Float32Array,
  codec: VectorCodec,
): Promise<void> {
  if (group.size === 1) return;
  await RUN[algorithm](group, vector, codec);
}

type Run = (group: Group, vector: Float32Array, codec: VectorCodec) => Promise<void>;

const RUN: Record<Algorithm, Run> = {
  'all-to-all': allToAll,
  'reduce-scatter': reduceScatter,
  'recursive-doubling': recursiveDoubling,
  star,
  ring,
};

/** The ranks other than `group`'s own, beginning with the next, so that not all send to the same one first. */
function others({ size, rank }: Group): number[] {
  return Array.from({ length: size - 1 }, (_, i) => (rank + 1 + i) % size);
}

/** Segment i of a vector cut for `parts` ranks, in whole blocks of 32 but for the last: [start, end). */
export function segment(length: number, parts: number, i: number): [start: number, end: number] {
  const cut = (before: number): number => (before === parts ? length : Math.floor((length / 32 / parts) * before) * 32);
  return [cut(i), cut(i + 1)];
}

/** The sum, in the order of the ranks, of `own` and what the others send of [start, end). */
async function addUp(
  group: Group,
  own: Uint8Array,
  vector: Float32Array,
  [start, end]: readonly [start: number, end: number],
  codec: VectorCodec,
): Promise<void> {
  const parts: Uint8Array[] = [];
  for (const from of others(group)) parts[from] = await group.receive(from);
  parts[group.rank] = own;
  codec.decode(parts[0], vector, start, end);
  for (let rank = 1; rank < group.size; rank++) codec.add(parts[rank], vector, start, end);
}

/** Everyone sends all of its vector to everyone: one hop, (n − 1)·n messages. */
async function allToAll(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const own = codec.encode(vector, 0, vector.length);
  for (const to of others(group)) group.send(to, own);
  await addUp(group, own, vector, [0, vector.length], codec);
}

/** What a packet takes of a message over TCP and Ethernet: shorter segments only make more packets, to be lost or late. */
const PACKET_BYTES = 1436;

/**
 * Owners add up a segment each and send the sum to everyone: two hops, 2·(n − 1)/n of a vector from each if all own one.
 * There are as many owners as segments of a packet each, from two to all.
 */
async function reduceScatter(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const { rank } = group;
  const packets = Math.ceil(codec.bytes(vector.length) / PACKET_BYTES);
  const owners = Math.min(group.size, Math.max(2, packets));
  const of = (owner: number): [number, number] => segment(vector.length, owners, owner);
  for (const to of others(group)) if (to < owners) group.send(to, codec.encode(vector, ...of(to)));
  let sum: Uint8Array<ArrayBuffer> | undefined;
  if (rank < owners) {
    await addUp(group, codec.encode(vector, ...of(rank)), vector, of(rank), codec);
    sum = codec.encode(vector, ...of(rank));
  }
  await allGather(group, owners, sum, vector, codec);
}

/** Pairs add up, then pairs of pairs: log2 n hops of a whole vector. Ranks beyond a power of two join a partner. */
async function recursiveDoubling(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const { size, rank } = group;
  const { length } = vector;
  const core = 2 ** Math.floor(Math.log2(size));
  const partner = rank < core ? rank + core : rank - core;
  if (rank >= core) {
    group.send(partner, codec.encode(vector, 0, length));
    codec.decode(await group.receive(partner), vector, 0, length);
    return;
  }
  if (partner < size) codec.add(await group.receive(partner), vector, 0, length);
  for (let distance = 1; distance < core; distance *= 2) {
    const own = codec.encode(vector, 0, length);
    group.send(rank ^ distance, own);
    // Both compute a + b, which is b + a to the bit.
    codec.decode(own, vector, 0, length);
    codec.add(await group.receive(rank ^ distance), vector, 0, length);
  }
  if (core === size) return;
  // The ranks beyond get the sum rounded, so all round it.
  const sum = codec.encode(vector, 0, length);
  if (partner < size) group.send(partner, sum);
  codec.decode(sum, vector, 0, length);
}

/** All send to rank 0, which sends the sum back: two hops, 2·(n − 1) messages. */
async function star(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const { length } = vector;
  const own = codec.encode(vector, 0, length);
  if (group.rank > 0) {
    group.send(0, own);
    codec.decode(await group.receive(0), vector, 0, length);
    return;
  }
  await addUp(group, own, vector, [0, length], codec);
  const sum = codec.encode(vector, 0, length);
  for (const to of others(group)) group.send(to, sum);
  codec.decode(sum, vector, 0, length);
}

/** Completes a vector of which the first `owners` ranks have a segment each, `own`, encoded: one hop. */
export async function allGather(
  group: Group,
  owners: number,
  own: Uint8Array | undefined,
  vector: Float32Array,
  codec: VectorCodec,
): Promise<void> {
  if (own) {
    for (const to of others(group)) group.send(to, own);
    codec.decode(own, vector, ...segment(vector.length, owners, group.rank));
  }
  for (const from of others(group)) {
    if (from < owners) codec.decode(await group.receive(from), vector, ...segment(vector.length, owners, from));
  }
}

/** Segments go round, summed on the way, then round again: 2·(n − 1) hops of 1/n of a vector. */
async function ring(group: Group, vector: Float32Array, codec: VectorCodec): Promise<void> {
  const { size, rank } = group;
  const next = (rank + 1) % size;
  const before = (rank + size - 1) % size;
  const at = (i: number): [number, number] => segment(vector.length, size, ((i % size) + size) % size);
  for (let hop = 0; hop < size - 1; hop++) {
    group.send(next, codec.encode(vector, ...at(rank - hop)));
    codec.add(await group.receive(before), vector, ...at(rank - hop - 1));
  }
  let passing = codec.encode(vector, ...at(rank + 1));
  codec.decode(passing, vector, ...at(rank + 1));
  for (let hop = 0; hop < size - 1; hop++) {
    group.send(next, passing);
    passing = await group.receive(before);
    codec.decode(passing, vector, ...at(rank - hop));
  }
}
