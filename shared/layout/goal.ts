// How users write what layout they want, and what of that cannot be had however much memory there is.

import type { ModelHeader } from '../model/header.ts';
import type { LayoutGoal } from './layout.ts';
import { ImpossibleLayoutError } from './layout-errors.ts';
import { feedForwardWidth, HIDDEN_UNIT } from './memory.ts';

/** `auto`, `tp`, `pp`, or stages × ranks as in `2x4`; undefined for anything else. */
export function parseLayoutGoal(text: string): LayoutGoal | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'auto' || word === 'tp' || word === 'pp') return word;
  const numbers = /^([1-9]\d{0,3})[x×]([1-9]\d{0,3})$/.exec(word);
  return numbers ? { stages: Number(numbers[1]), ranks: Number(numbers[2]) } : undefined;
}

export const formatLayoutGoal = (goal: LayoutGoal): string =>
  typeof goal === 'string' ? goal : `${goal.stages}x${goal.ranks}`;

/** So many ranks can each hold something of a layer. Heads do not count: there are fewer of them. */
export const mostRanks = (header: ModelHeader): number => Math.ceil(feedForwardWidth(header) / HIDDEN_UNIT);

/** Throws an ImpossibleLayoutError if so many nodes or such a model cannot be laid out as `goal` says. */
export function assertPossible(goal: LayoutGoal, header: ModelHeader, nodes: number): void {
  if (typeof goal === 'string') return;
  const { stages, ranks } = goal;
  const fail = (cause: string, remedy: string): never => {
    throw new ImpossibleLayoutError(formatLayoutGoal(goal), cause, remedy);
  };
  if (!(Number.isInteger(stages) && stages > 0 && Number.isInteger(ranks) && ranks > 0)) {
    fail('stages and ranks are whole numbers from 1', 'use auto, or a layout such as 1x2');
  }
  if (stages > header.layers) {
    fail(`the model has only ${header.layers} layers`, `use at most ${header.layers} stages, or auto`);
  }
  if (ranks > mostRanks(header)) {
    fail(
      `a layer can be cut into ${mostRanks(header)} parts at most`,
      `use at most ${mostRanks(header)} ranks, or auto`,
    );
  }
  if (stages * ranks > nodes) {
    const there = nodes === 1 ? 'there is 1 node' : `there are ${nodes} nodes`;
    fail(`it takes ${stages * ranks} nodes and ${there}`, `add nodes, or use ${alternatives(goal, nodes)} or auto`);
  }
}

/** The layouts nearest to what was asked for: as many stages with fewer ranks, or fewer stages of as many ranks. */
function alternatives({ stages, ranks }: { stages: number; ranks: number }, nodes: number): string {
  const found: string[] = [];
  if (stages <= nodes) found.push(`${stages}x${Math.floor(nodes / stages)}`);
  if (ranks <= nodes) found.push(`${Math.floor(nodes / ranks)}x${ranks}`);
  if (found.length === 0) found.push(`1x${nodes}`);
  return found.join(', ');
}
