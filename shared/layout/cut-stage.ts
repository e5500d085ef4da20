// Cuts the layers of one stage over its ranks: heads, FFN columns and vocabulary rows in proportion to speed, within each
// node's memory. Knows no links, and not which nodes there are beside these.

import type { ModelHeader } from '../model/header.ts';
import { type Range, rangeLength } from '../units.ts';
import { apportion, fill, rangesOf } from './apportion.ts';
import type { NodeCapacity } from './layout.ts';
import {
  costOfSlice,
  feedForwardWidth,
  HIDDEN_UNIT,
  headUnit,
  type MemoryOptions,
  memoryCosts,
  type SliceCosts,
  VOCABULARY_UNIT,
} from './memory.ts';
import { kvHeadsOf, type Slice } from './slice.ts';

const NONE: Range = { start: 0, end: 0 };

/**
 * One slice a node, in their order, or undefined if their memory does not suffice. Only weights and caps decide, so all
 * three kinds of things are cut alike: they are computed one after the other with a sync point between, and what one
 * rank gains in one of them it cannot give to another.
 * The first rank, which may be the root's, gets a block of FFN columns at least, however slow it is; with `eachHolds` all
 * ranks do. Else one that is too slow for a block gets nothing.
 */
export function cutStage(
  header: ModelHeader,
  nodes: readonly NodeCapacity[],
  layers: Range,
  options: MemoryOptions,
  eachHolds: boolean,
): Slice[] | undefined {
  const last = layers.end === header.layers;
  const costs = memoryCosts(header, rangeLength(layers), last, options);
  const room = nodes.map((node) => Math.max(0, node.freeBytes - costs.fixed) || 0);
  const weights = nodes.map((node) => speedAmong(node, nodes.length));
  const width = feedForwardWidth(header);
  const rows = last ? header.vocabSize : 0;
  const whole =
    costs.head * header.heads + costs.kvHead * header.kvHeads + costs.column * width + costs.row * header.vocabSize;
  if (room.reduce((sum, bytes) => sum + bytes, 0) < whole) return undefined;
  const fits = nodes.map((node) => node.freeBytes >= costs.fixed);
  const shares = fill(
    1,
    weights.map((weight, i) => (fits[i] ? weight : 0)),
    room.map((bytes) => bytes / whole),
  );

  const heads = cutHeads(header, costs, shares, room);
  if (!heads) return undefined;
  const kvHeads = heads.map((range) => kvHeadsOf(range, header.heads / header.kvHeads));
  const left = room.map(
    (bytes, i) => bytes - costs.head * rangeLength(heads[i]) - costs.kvHead * rangeLength(kvHeads[i]),
  );

  const [columnUnits, rowUnits] = [Math.ceil(width / HIDDEN_UNIT), Math.ceil(rows / VOCABULARY_UNIT)];
  const [columnBytes, rowBytes] = [costs.column * HIDDEN_UNIT, costs.row * VOCABULARY_UNIT];
  const least = nodes.map((_, i) => (eachHolds || i === 0 ? 1 : 0));
  // Rows want their place too; where it is too tight for that, columns go first and rows wherever there is room.
  const hidden =
    apportion(
      columnUnits,
      shares,
      left.map((bytes, i) => unitsIn(bytes - rowBytes * Math.ceil(shares[i] * rowUnits), columnBytes)),
      least,
    ) ??
    apportion(
      columnUnits,
      shares,
      left.map((bytes) => unitsIn(bytes, columnBytes)),
      least,
    );
  if (!hidden) return undefined;
  const vocabulary = apportion(
    rowUnits,
    shares,
    left.map((bytes, i) => unitsIn(bytes - columnBytes * hidden[i], rowBytes)),
  );
  if (!vocabulary) return undefined;

  const [hiddenRanges, rowRanges] = [rangesOf(hidden, HIDDEN_UNIT, width), rangesOf(vocabulary, VOCABULARY_UNIT, rows)];
  const slices = nodes.map(
    (_, i): Slice => ({
      layers,
      heads: heads[i],
      kvHeads: kvHeads[i],
      hidden: hiddenRanges[i],
      vocabulary: last ? rowRanges[i] : NONE,
    }),
  );
  const within = slices.every((slice, i) => isIdle(slice) || costOfSlice(costs, slice) <= nodes[i].freeBytes);
  return within ? slices : undefined;
}

/** Whether a slice has no part in any layer. */
export const isIdle = ({ heads, hidden }: Slice): boolean => rangeLength(heads) + rangeLength(hidden) === 0;

/** Weights that a node reads a second; 0 for one whose measurement makes no sense, so that it gets nothing to do. */
export const speedOf = ({ bytesPerSecond }: NodeCapacity): number =>
  bytesPerSecond > 0 && Number.isFinite(bytesPerSecond) ? bytesPerSecond : 0;

/**
 * While so many ranks compute at the same time. Who shares a machine with whom is not known, only what everyone had left
 * with all at work; taken is that as many fewer at work leave more, up to what one has alone.
 */
export function speedAmong(node: NodeCapacity, ranks: number): number {
  const { shared } = node;
  const alone = speedOf(node);
  return shared ? Math.min(alone, (shared.bytesPerSecond * shared.among) / ranks) : alone;
}

const unitsIn = (bytes: number, unitBytes: number): number => {
  if (unitBytes === 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(0, Math.floor(bytes / unitBytes));
};

/** Heads by share. Which key-value heads a rank needs follows from its place in the row, so caps are found by trying. */
function cutHeads(
  header: ModelHeader,
  costs: SliceCosts,
  shares: readonly number[],
  room: readonly number[],
): Range[] | undefined {
  const unit = headUnit(header);
  const units = Math.ceil(header.heads / unit);
  const caps = room.map((bytes) => Math.min(units, unitsIn(bytes, costs.head * unit)));
  for (;;) {
    const counts = apportion(units, shares, caps);
    if (!counts) return undefined;
    const ranges = rangesOf(counts, unit, header.heads);
    let over = false;
    for (const [i, range] of ranges.entries()) {
      const kvHeads = rangeLength(kvHeadsOf(range, header.heads / header.kvHeads));
      if (costs.head * rangeLength(range) + costs.kvHead * kvHeads <= room[i]) continue;
      caps[i] = counts[i] - 1;
      over = true;
    }
    if (!over) return ranges;
  }
}
