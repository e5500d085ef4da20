// What can keep a model from being laid out, one class a cause.

import { ShoalError } from '../errors.ts';
import type { Bytes, PeerId } from '../units.ts';

/** Rounded up: what is missing must not read as if a little less would do. */
export const gigabytes = (bytes: Bytes): string => `${(Math.ceil((bytes / 2 ** 30) * 10) / 10).toFixed(1)} GB`;

/** No layout that the goal allows fits into the nodes' memory. */
export class NotEnoughMemoryError extends ShoalError {
  readonly blame = 'runtime';
  /** With so much more on `node`, or on each node if there is none, the model fits. */
  readonly missingBytes: Bytes;
  /** Undefined if no single node could make up for the others. */
  readonly node: PeerId | undefined;

  constructor(missingBytes: Bytes, node: PeerId | undefined, nodes: number) {
    const cause = `${gigabytes(missingBytes)} of memory ${node === undefined ? 'are missing on each node' : 'are missing'}`;
    const among = nodes === 1 ? `on ${node ?? 'the only node'}` : `on the ${nodes} nodes together`;
    super(
      `The model does not fit: ${cause}${node === undefined ? '' : ` ${among}`}; ` +
        'add another worker, free memory, or use a shorter --max-seq-len or a smaller model',
    );
    this.missingBytes = missingBytes;
    this.node = node;
  }
}

/** The layout that was asked for by name cannot be had, whatever the memory. */
export class ImpossibleLayoutError extends ShoalError {
  readonly blame = 'usage';

  constructor(wanted: string, cause: string, remedy: string) {
    super(`The layout ${wanted} is impossible: ${cause}; ${remedy}`);
  }
}
