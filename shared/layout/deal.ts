// Ways to deal nodes out to the stages of a pipeline. Only orders and groups: whether a deal fits, and how fast it is, is
// found out by arranging it.

import { speedOf } from './cut-stage.ts';
import type { LinkCapacity, NodeCapacity } from './layout.ts';

type Links = (a: string, b: string) => LinkCapacity;
type Stages = readonly (readonly NodeCapacity[])[];

/** Rank counts of `stages` stages that `nodes` nodes fill as evenly as they can. */
export function evenCounts(nodes: number, stages: number): number[] {
  return Array.from({ length: stages }, (_, i) => Math.floor(nodes / stages) + (i < nodes % stages ? 1 : 0));
}

/**
 * The first node leads the first stage. All deals but those that are the same: stages alike in speed, stages alike
 * in memory, and stages of nodes that are near each other; each with the fastest stage last, or the roomiest.
 */
export function deals(nodes: readonly NodeCapacity[], counts: readonly number[], links: Links): Stages[] {
  if (counts.length === 1) return [[nodes]];
  const all = [
    alike(nodes, counts, speedOf),
    alike(nodes, counts, (node) => node.freeBytes),
    near(nodes, counts, links),
  ];
  const both = all.flatMap((stages) => [
    ordered(stages, nodes, speedOf),
    ordered(stages, nodes, (node) => node.freeBytes),
  ]);
  const seen = new Map(both.map((stages) => [keyOf(stages), stages]));
  return [...seen.values()];
}

const keyOf = (stages: Stages): string => JSON.stringify(stages.map((stage) => stage.map(({ id }) => id)));

/** Ranks in the order in which nodes were given; the stage with most last, since the last has the output matrix too. */
function ordered(stages: Stages, nodes: readonly NodeCapacity[], what: (node: NodeCapacity) => number): Stages {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const at = (node: NodeCapacity): number => place.get(node) ?? 0;
  const sum = (stage: readonly NodeCapacity[]): number => stage.reduce((total, node) => total + what(node), 0);
  const [first, ...others] = stages.map((stage) => [...stage].sort((a, b) => at(a) - at(b)));
  return [first, ...others.sort((a, b) => sum(a) - sum(b) || at(a[0]) - at(b[0]))];
}

/** From the node that has most to the one that has least, each to the stage with room that has least so far. */
function alike(
  nodes: readonly NodeCapacity[],
  counts: readonly number[],
  what: (node: NodeCapacity) => number,
): Stages {
  const stages = counts.map((count, i) => ({
    count,
    nodes: i === 0 ? [nodes[0]] : [],
    sum: i === 0 ? what(nodes[0]) : 0,
  }));
  for (const node of nodes.slice(1).sort((a, b) => what(b) - what(a))) {
    const open = stages.filter((stage) => stage.nodes.length < stage.count);
    const least = open.reduce((best, stage) => (stage.sum < best.sum ? stage : best));
    least.nodes.push(node);
    least.sum += what(node);
  }
  return stages.map((stage) => stage.nodes);
}

/** Each stage begins with a node and takes those that are nearest to it. */
function near(nodes: readonly NodeCapacity[], counts: readonly number[], links: Links): Stages {
  let left = [...nodes];
  return counts.map((count) => {
    const [first] = left;
    const distance = (node: NodeCapacity): number => (node === first ? -1 : links(first.id, node.id).roundTripMs);
    left = left
      .map((node) => ({ node, ms: distance(node) }))
      .sort((a, b) => a.ms - b.ms)
      .map(({ node }) => node);
    const stage = left.slice(0, count);
    left = nodes.filter((node) => left.indexOf(node) >= count);
    return stage;
  });
}
