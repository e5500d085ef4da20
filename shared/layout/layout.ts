// Who computes what: stages one after the other, in each of them ranks side by side, and the slice that each rank holds.
// Only data; the planner makes it.

import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import type { Slice } from './slice.ts';

export interface LayoutRank {
  readonly node: PeerId;
  readonly slice: Slice;
}

export interface Layout {
  /** [stages][ranks] */
  readonly stages: readonly (readonly LayoutRank[])[];
}

/** Who computes: [stages][ranks]. */
export const nodesOf = ({ stages }: Layout): PeerId[][] => stages.map((ranks) => ranks.map(({ node }) => node));

/** A node as the planner sees it. */
export interface NodeCapacity {
  readonly id: PeerId;
  /** Weights that it reads in a matrix-vector product, with all its threads. */
  readonly bytesPerSecond: number;
  /** What is left of that while `among` nodes compute: those that share a processor or its memory have less. */
  readonly shared?: { readonly bytesPerSecond: number; readonly among: number };
  /** Multiplications with additions that it does in a matrix-matrix product, with all its threads. */
  readonly macsPerSecond: number;
  /** Memory that it can give to weights, cache and buffers. */
  readonly freeBytes: Bytes;
}

/** What it costs to send from one node to another. */
export interface LinkCapacity {
  /** Of a small frame there and back, all software included. */
  readonly roundTripMs: Milliseconds;
  readonly bytesPerSecond: number;
}

/** By the user: `auto`, all nodes as ranks of one stage (`tp`), a stage each (`pp`), or so many stages of so many ranks. */
export type LayoutGoal = 'auto' | 'tp' | 'pp' | { readonly stages: number; readonly ranks: number };

/** What nodes send each other of activations: as they are, or in blocks of 8-bit integers with a scale. */
export type SyncType = 'f32' | 'q80';
