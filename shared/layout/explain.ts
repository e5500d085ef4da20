// Says in sentences why a layout is as it is. It decides nothing.

import type { Milliseconds } from '../units.ts';
import { type ArrangeInputs, arrange, type Placement } from './arrange.ts';
import { speedAmong, speedOf } from './cut-stage.ts';
import type { LayoutGoal, NodeCapacity } from './layout.ts';
import { gigabytes } from './layout-errors.ts';
import { rankBytes } from './memory.ts';
import { LayoutSearch } from './search.ts';
import { wholeSlice } from './slice.ts';

export function explain(
  inputs: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  goal: LayoutGoal,
  placement: Placement,
): string[] {
  const taking = placement.stages.flat().map(({ node }) => node);
  const reasons = [shape(placement)];
  reasons.push(...sharing(placement));
  reasons.push(...inFull(placement), ...led(placement));
  if (taking.length > 1) reasons.push(alone(inputs, nodes[0]));
  const spare = nodes.filter((node) => !taking.includes(node));
  if (spare.length > 0) reasons.push(whySpare(inputs, nodes, goal, placement, spare));
  reasons.push(fullest(inputs, placement));
  return reasons;
}

const text = (ms: Milliseconds): string => ms.toFixed(ms < 1 ? 2 : 1);
const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

function listed(names: readonly string[]): string {
  const [shown, more] = names.length > 4 ? [names.slice(0, 3), names.length - 3] : [names, 0];
  const parts = more > 0 ? [...shown, `${more} others`] : shown;
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function shape({ stages, predicted }: Placement): string {
  const counts = stages.map((ranks) => ranks.length);
  const [most, least] = [Math.max(...counts), Math.min(...counts)];
  const of = most === least ? count(most, 'rank') : `${counts.slice(0, -1).join(', ')} and ${counts.at(-1)} ranks`;
  const { msPerToken, computeMs, syncMs } = predicted;
  const parts = `compute ${text(computeMs)}, sync ${text(syncMs)}`;
  return `${count(stages.length, 'stage')} of ${of}: ${text(msPerToken)} ms a token predicted (${parts})`;
}

function sharing({ stages }: Placement): string[] {
  const slowed = stages.flatMap((ranks) =>
    ranks.flatMap(({ node }) => {
      const left = speedAmong(node, ranks.length);
      return left < speedOf(node) ? { id: node.id, part: left / speedOf(node) } : [];
    }),
  );
  if (slowed.length === 0) return [];
  const least = Math.min(...slowed.map(({ part }) => part));
  const who = listed(slowed.map(({ id }) => id));
  return [`${who} slow each other down, as if on one machine: to ${(100 * least).toFixed(0)} % of the speed alone`];
}

function inFull({ stages }: Placement): string[] {
  const halves = new Set(stages.flatMap(([{ slice }]) => slice.replicated ?? []));
  return [...halves].map((half) => `all ranks compute ${half} in full, which is faster than to add it up`);
}

const led = ({ stages }: Placement): string[] =>
  stages.flatMap(([{ node, slice }]) =>
    slice.led ? [`${node.id} computes attention for all, which is faster than to add it up`] : [],
  );

function alone(inputs: ArrangeInputs, root: NodeCapacity): string {
  const placement = arrange(inputs, [[root]], false);
  if (placement) return `alone ${root.id} would need ${text(placement.predicted.msPerToken)} ms a token`;
  const missing = rankBytes(inputs.header, wholeSlice(inputs.header), inputs.memory) - Math.max(0, root.freeBytes);
  return `alone ${root.id} would lack ${gigabytes(missing)} of memory`;
}

function whySpare(
  inputs: ArrangeInputs,
  nodes: readonly NodeCapacity[],
  goal: LayoutGoal,
  placement: Placement,
  spare: readonly NodeCapacity[],
): string {
  const who = `${listed(spare.map(({ id }) => id))} ${spare.length === 1 ? 'is' : 'are'} spare`;
  const [it, one] = spare.length === 1 ? ['it', 'it'] : ['they', 'any of them'];
  if (goal === 'tp') return `${who}: too slow, or with too little memory, for a block of each layer`;
  if (goal === 'pp') return `${who}: too little memory for a layer, or there are no more layers`;
  if (goal !== 'auto') return `${who}: ${it} would be more than ${goal.stages} stages of ${count(goal.ranks, 'rank')}`;
  const search = new LayoutSearch(inputs, nodes);
  const taking = new Set(placement.stages.flat().map(({ node }) => node));
  const times = spare.flatMap((extra) => {
    const more = search.best(nodes.filter((node) => node === extra || taking.has(node)));
    return more && more.predicted.msPerToken < Number.POSITIVE_INFINITY ? [more.predicted.msPerToken] : [];
  });
  if (times.length === 0) return `${who}: too slow, too far away, or with too little memory for a slice`;
  const best = Math.min(...times);
  const little = best < placement.predicted.msPerToken ? ', which is too little gain' : '';
  return `${who}: with ${one} a token would take ${text(best)} ms${spare.length > 1 ? ' or more' : ''}${little}`;
}

function fullest({ header, memory }: ArrangeInputs, { stages }: Placement): string {
  const ranks = stages.flat().map(({ node, slice }) => ({ node, needs: rankBytes(header, slice, memory) }));
  const full = ranks.reduce((a, b) => (b.needs / b.node.freeBytes > a.needs / a.node.freeBytes ? b : a));
  return `memory: ${full.node.id} needs ${gigabytes(full.needs)} of its ${gigabytes(full.node.freeBytes)}${ranks.length > 1 ? ', the others have more to spare' : ''}`;
}
