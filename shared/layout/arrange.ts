// From nodes in groups to a placement: which layers each stage gets, which slices its ranks, and what a token then takes.
// It does not choose the nodes; it finds the best for those it is given, or that they do not suffice.

import { apportion } from './apportion.ts';
import { allReduceMs, type PlacedRank, type Prediction, predict, stageComputeMs } from './cost.ts';
import { cutStage, isIdle } from './cut-stage.ts';
import { bestSharing, type SharingInputs } from './layer-sharing.ts';
import type { NodeCapacity } from './layout.ts';

export interface Placement {
  readonly stages: readonly (readonly PlacedRank[])[];
  readonly predicted: Prediction;
}

/** What does not change between the arrangements of one plan. */
export type ArrangeInputs = SharingInputs;

/** Stages whose speeds differ by less than that share layers evenly: measurements are no better. */
const ALIKE = 1.1;

/**
 * The given stages with the best layers for each. One sequence passes them one after the other, so its time is their
 * sum, and faster stages get as many layers as they can hold. Undefined where memory does not suffice, or where a rank
 * would have nothing to do; with `eachHolds` ranks get work that they are too slow for.
 */
export function arrange(
  inputs: ArrangeInputs,
  stages: readonly (readonly NodeCapacity[])[],
  eachHolds: boolean,
): Placement | undefined {
  const counts = layersOfStages(inputs, stages, eachHolds);
  if (!counts) return undefined;
  let start = 0;
  const placed: (readonly PlacedRank[])[] = [];
  for (const [i, nodes] of stages.entries()) {
    const ranks = cutRanks(inputs, nodes, start, counts[i], eachHolds);
    if (!ranks || ranks.some(({ slice }) => isIdle(slice))) return undefined;
    placed.push(bestSharing(inputs, ranks));
    start += counts[i];
  }
  return { stages: placed, predicted: predict(inputs, placed) };
}

function cutRanks(
  { header, memory }: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  start: number,
  count: number,
  eachHolds: boolean,
): PlacedRank[] | undefined {
  const slices = cutStage(header, nodes, { start, end: start + count }, memory, eachHolds);
  return slices?.map((slice, i) => ({ node: nodes[i], slice }));
}

function layersOfStages(
  inputs: ArrangeInputs,
  stages: readonly (readonly NodeCapacity[])[],
  eachHolds: boolean,
): number[] | undefined {
  const { layers } = inputs.header;
  if (stages.length === 1) return [layers];
  if (stages.length > layers) return undefined;
  const most: number[] = [];
  for (const [i, nodes] of stages.entries()) {
    const holds = (count: number): boolean => {
      const start = i === stages.length - 1 ? layers - count : 0; // the last stage has the output matrix too
      return cutRanks(inputs, nodes, start, count, eachHolds) !== undefined;
    };
    most.push(largest(layers - stages.length + 1, holds));
    if (most[i] === 0) return undefined;
  }
  if (most.reduce((sum, count) => sum + count, 0) < layers) return undefined;
  const msPerLayer = stages.map((nodes, i) =>
    layerMs(inputs, nodes, Math.min(most[i], Math.ceil(layers / stages.length))),
  );
  return shareLayers(layers, most, msPerLayer);
}

/** The largest count from 1 to `limit` that holds, 0 if none does; what holds for a count holds for fewer. */
function largest(limit: number, holds: (count: number) => boolean): number {
  if (holds(limit)) return limit;
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function layerMs(inputs: ArrangeInputs, nodes: readonly NodeCapacity[], count: number): number {
  // Memory decides the shares too, and depends on how many layers there are.
  const ranks = cutRanks(inputs, nodes, 0, count, false);
  if (!ranks) return Number.POSITIVE_INFINITY;
  return (
    stageComputeMs(inputs.header, ranks) / count +
    2 *
      allReduceMs(
        inputs,
        nodes.map(({ id }) => id),
      )
  );
}

/** One layer each, and the rest to the fastest that have room; those alike in speed take even parts of it. */
function shareLayers(layers: number, most: readonly number[], msPerLayer: readonly number[]): number[] {
  const counts = most.map(() => 1);
  let left = layers - counts.length;
  const order = [...most.keys()].sort((a, b) => msPerLayer[a] - msPerLayer[b] || a - b);
  for (let at = 0; at < order.length && left > 0; ) {
    const fastest = msPerLayer[order[at]];
    const alike = order.slice(at).filter((stage) => !(msPerLayer[stage] > fastest * ALIKE));
    const caps = alike.map((stage) => most[stage]);
    const room = caps.reduce((sum, cap) => sum + cap - 1, 0);
    const parts = apportion(
      alike.length + Math.min(left, room),
      caps.map(() => 1),
      caps,
      caps.map(() => 1),
    );
    for (const [i, stage] of alike.entries()) counts[stage] = parts?.[i] ?? 1;
    left -= Math.min(left, room);
    at += alike.length;
  }
  return counts;
}
