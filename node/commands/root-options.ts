// The options that make a node the root of a cluster.

import { ShoalError } from '../../shared/errors.ts';
import { parseLayoutGoal } from '../../shared/layout/goal.ts';
import type { LayoutGoal } from '../../shared/layout/layout.ts';
import { formatAddress, parseAddress } from '../../shared/mesh/address.ts';
import type { OptionValues } from './options.ts';
import { BadValueError } from './usage-errors.ts';

/** distributed-llama's. */
export const DEFAULT_PORT = 9999;

export type RootOptions = Pick<
  OptionValues,
  | 'workers'
  | 'accept'
  | 'nodes'
  | 'layout'
  | 'key'
  | 'max-memory'
  | 'buffer-float-type'
  | 'replicate'
  | 'device'
  | 'nthreads'
  | 'slots'
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

/** Every worker of --workers; of those that join by themselves one, or there would be no cluster. */
export const nodesWanted = ({ nodes, workers = [], accept }: RootOptions): number =>
  nodes ?? Math.max(workers.length + 1, accept === undefined ? 1 : 2);

class TooManyNodesError extends ShoalError {
  readonly blame = 'usage';

  constructor(nodes: number, workers: number) {
    super(
      `--nodes ${nodes} cannot be reached: --workers names ${workers} and nobody else may join; ` +
        'name more, give a smaller --nodes, or let others join with --accept HOST:PORT',
    );
  }
}

class NamedTwiceError extends ShoalError {
  readonly blame = 'usage';

  constructor(address: string) {
    super(`--workers names ${address} twice; name each worker once`);
  }
}

/** Known before anybody is called. */
export function assertReachable({ nodes = 1, workers = [], accept }: RootOptions): void {
  const addresses = workers.map((text) => formatAddress(parseAddress(text, DEFAULT_PORT)));
  const twice = addresses.find((address, i) => addresses.indexOf(address) < i);
  if (twice !== undefined) throw new NamedTwiceError(twice);
  if (accept === undefined && nodes > workers.length + 1) throw new TooManyNodesError(nodes, workers.length);
}
