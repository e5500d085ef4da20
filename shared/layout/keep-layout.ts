// Whether a layout of before is still good enough: measured anew, everything is a little different, and another layout
// costs weights to be sent. Pure.

import type { ArrangeInputs, Placement } from './arrange.ts';
import { type PlacedRank, predict } from './cost.ts';
import type { Layout, NodeCapacity } from './layout.ts';
import { rankBytes } from './memory.ts';

/** A new layout must be so many times as fast; a first choice that was unlucky costs no more than that for good. */
const WORTH_SENDING = 1.2;

/** `before` with what its nodes can do now, if it is not much slower than `best`; else `best`. */
export function keptOr(
  inputs: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  before: Layout | undefined,
  best: Placement,
): Placement {
  const kept = before && placed(inputs, nodes, before);
  return kept && kept.predicted.msPerToken <= best.predicted.msPerToken * WORTH_SENDING ? kept : best;
}

/** Undefined if a node is gone, or has not the memory any more. */
function placed(inputs: ArrangeInputs, nodes: readonly NodeCapacity[], layout: Layout): Placement | undefined {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stages: PlacedRank[][] = [];
  for (const ranks of layout.stages) {
    const stage: PlacedRank[] = [];
    for (const { node: id, slice } of ranks) {
      const node = byId.get(id);
      if (!node || rankBytes(inputs.header, slice, inputs.memory) > node.freeBytes) return undefined;
      stage.push({ node, slice });
    }
    stages.push(stage);
  }
  return { stages, predicted: predict(inputs, stages) };
}
