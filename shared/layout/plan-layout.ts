// The planner: which nodes take part in running a model, and which slice of it each holds. A pure function of what was
// measured; it neither measures nor moves anything. How the parts work: memory.ts says what slices weigh, cut-stage.ts
// cuts layers, cost.ts predicts times, arrange.ts and search.ts choose.

import type { ModelHeader } from '../model/header.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { type ArrangeInputs, arrange, type Placement } from './arrange.ts';
import type { Prediction } from './cost.ts';
import { cutStage, isIdle } from './cut-stage.ts';
import { explain } from './explain.ts';
import { assertPossible } from './goal.ts';
import { keptOr } from './keep-layout.ts';
import type { Layout, LayoutGoal, LinkCapacity, NodeCapacity, SyncType } from './layout.ts';
import { ImpossibleLayoutError, NotEnoughMemoryError } from './layout-errors.ts';
import { rankBytes } from './memory.ts';
import { fastest, forcedDeal, LayoutSearch, subsets } from './search.ts';
import { wholeSlice } from './slice.ts';

export interface LayoutRequest {
  readonly header: ModelHeader;
  /** In the order in which they joined. The first is the root, which leads and takes part if it has room for any slice. */
  readonly nodes: readonly NodeCapacity[];
  readonly links: (a: PeerId, b: PeerId) => LinkCapacity;
  readonly goal: LayoutGoal;
  readonly syncType: SyncType;
  readonly slots: number;
  /** Most tokens of one step. */
  readonly maxTokens: number;
  /** What these nodes had the last time: kept if nothing is much faster. */
  readonly before?: Layout | undefined;
  /** Whether ranks may compute half of each layer in full, where that saves time; true by default. */
  readonly replicates?: boolean;
  /** What an all-reduce of so many bytes takes among these ranks, if it was measured; NaN where it was not. */
  readonly allReduceMs?: (ranks: readonly PeerId[], bytes: Bytes) => Milliseconds;
  /** And what it takes by way of the first of them. */
  readonly starMs?: (ranks: readonly PeerId[], bytes: Bytes) => Milliseconds;
}

export interface PlannedLayout {
  readonly layout: Layout;
  /** Nodes that have no part in it, in the order given. */
  readonly spare: readonly PeerId[];
  /** For one token of one sequence. */
  readonly predicted: Prediction;
  /** Why it is so, for people: one to seven sentences. */
  readonly reasons: readonly string[];
}

/** Throws an ImpossibleLayoutError or a NotEnoughMemoryError if the goal cannot be had. */
export function planLayout(request: LayoutRequest): PlannedLayout {
  const { header, nodes, goal, links, syncType, slots, maxTokens, replicates = true, allReduceMs, starMs } = request;
  if (nodes.length === 0) throw new ImpossibleLayoutError('of no nodes', 'somebody has to run the model', 'add a node');
  assertPossible(goal, header, nodes.length);
  const inputs: ArrangeInputs = {
    header,
    root: nodes[0].id,
    links,
    syncType,
    allReduceMs,
    starMs,
    replicates,
    memory: { slots, maxTokens },
  };
  const best = place(inputs, nodes, goal);
  if (!best) throw missingMemory(inputs, nodes, goal);
  const placement = keptOr(inputs, nodes, request.before, best);
  const taking = new Set(placement.stages.flat().map(({ node }) => node));
  return {
    layout: { stages: placement.stages.map((ranks) => ranks.map(({ node, slice }) => ({ node: node.id, slice }))) },
    spare: nodes.filter((node) => !taking.has(node)).map(({ id }) => id),
    predicted: placement.predicted,
    reasons: explain(inputs, nodes, goal, placement),
  };
}

function place(inputs: ArrangeInputs, nodes: readonly NodeCapacity[], goal: LayoutGoal): Placement | undefined {
  if (goal === 'auto') return new LayoutSearch(inputs, nodes).find();
  for (let first = 0; first < nodes.length; first++) {
    const placement = placeLed(inputs, nodes.slice(first), goal);
    if (placement) return placement; // else try without its leader, who may have no memory for any slice
  }
  return undefined;
}

/** With the first node in it, if at all. */
function placeLed(
  inputs: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  goal: Exclude<LayoutGoal, 'auto'>,
): Placement | undefined {
  if (goal === 'tp') return placeSideBySide(inputs, nodes);
  if (goal === 'pp') return placeOneAfterTheOther(inputs, nodes);
  const size = goal.stages * goal.ranks;
  if (size > nodes.length) return undefined;
  const counts = Array.from({ length: goal.stages }, () => goal.ranks);
  return fastest(subsets(inputs, nodes, size).map((set) => forcedDeal(inputs, set, counts)));
}

/** All nodes in one stage, but those that would get nothing to do. */
function placeSideBySide(inputs: ArrangeInputs, nodes: readonly NodeCapacity[]): Placement | undefined {
  const slices = cutStage(inputs.header, nodes, wholeSlice(inputs.header).layers, inputs.memory, false);
  if (!slices) return undefined;
  const busy = nodes.filter((_, i) => !isIdle(slices[i]));
  return busy.length < nodes.length ? placeSideBySide(inputs, busy) : arrange(inputs, [nodes], false);
}

/** A stage for each node that can hold a layer. */
function placeOneAfterTheOther(inputs: ArrangeInputs, nodes: readonly NodeCapacity[]): Placement | undefined {
  const { header, memory } = inputs;
  const able = nodes.filter(
    (node, i) => i === 0 || cutStage(header, [node], { start: 0, end: Math.min(1, header.layers - 1) }, memory, true),
  );
  const size = Math.min(able.length, header.layers);
  const counts = Array.from({ length: size }, () => 1);
  return fastest(subsets(inputs, able, size).map((set) => forcedDeal(inputs, set, counts)));
}

const STEP: Bytes = 2 ** 20;

/** How much more the node with most memory would need; or each node, where one cannot make up for the others. */
function missingMemory(inputs: ArrangeInputs, nodes: readonly NodeCapacity[], goal: LayoutGoal): NotEnoughMemoryError {
  const largest = nodes.reduce((a, b) => (b.freeBytes > a.freeBytes ? b : a));
  const fits = (who: readonly NodeCapacity[], more: Bytes): boolean => {
    const given = nodes.map((node) => {
      const has = Math.max(0, node.freeBytes) || 0;
      return who.includes(node) ? { ...node, freeBytes: has + more } : node;
    });
    return goal === 'auto' ? new LayoutSearch(inputs, given).fits() : place(inputs, given, goal) !== undefined;
  };
  // More than the whole model, since neighbours hold the same key-value heads at times.
  const enough = 2 * rankBytes(inputs.header, wholeSlice(inputs.header), inputs.memory);
  const who = fits([largest], enough) ? [largest] : nodes;
  let [low, high] = [0, Math.ceil(enough / STEP)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(who, middle * STEP)) high = middle;
    else low = middle;
  }
  return new NotEnoughMemoryError(high * STEP, who.length === 1 ? largest.id : undefined, nodes.length);
}
