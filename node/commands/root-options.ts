// The options that make a node the root of a cluster.

import { ShoalError } from '../../shared/errors.ts';
import { parseLayoutGoal } from '../../shared/layout/goal.ts';
import type { LayoutGoal } from '../../shared/layout/layout.ts';
import type { OptionValues } from './options.ts';
import { BadValueError } from './usage-errors.ts';

/** distributed-llama's. */
export const DEFAULT_PORT = 9999;

export type RootOptions = Pick<
  OptionValues,
  'workers' | 'accept' | 'nodes' | 'layout' | 'key' | 'max-memory' | 'buffer-float-type' | 'device' | 'nthreads'
>;

/** Whether other nodes are to take part. */
export const leads = ({ workers, accept }: RootOptions): boolean => workers !== undefined || accept !== undefined;

export function layoutGoal({ layout = 'auto' }: RootOptions): LayoutGoal {
  const goal = parseLayoutGoal(layout);
  if (goal === undefined)
    throw new BadValueError('layout', layout, 'unknown', 'auto, tp, pp, or stages and ranks such as 2x4');
  return goal;
}

class PartlyLocalError extends ShoalError {
  readonly blame = 'usage';

  constructor() {
    super('--nodes and --layout are for clusters; give --workers HOST:PORT … or --accept HOST:PORT too');
  }
}

export function assertAlone(options: RootOptions): void {
  if (!leads(options) && (options.nodes !== undefined || options.layout !== undefined)) throw new PartlyLocalError();
}
