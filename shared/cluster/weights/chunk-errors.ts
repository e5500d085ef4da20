// What can go wrong with chunks of weights, whoever stores or sends them, one class a cause.

import { ShoalError } from '../../errors.ts';

/** A chunk's bytes are not those that were announced. */
export class ChunkDamagedError extends ShoalError {
  readonly blame = 'runtime';

  constructor(cause: string) {
    super(
      `A chunk of the weights is damaged: ${cause}; ` +
        'load the model again, and restart the root if its model file was changed',
    );
  }
}

/** A store was asked for contents that it does not have, or not whole. */
export class ChunksMissingError extends ShoalError {
  readonly blame = 'runtime';
  readonly hashes: readonly string[];

  constructor(name: string, hashes: readonly string[], of: number) {
    super(`Cannot read ${name}: ${hashes.length} of ${of} chunks of it are not in the cache; load the model again`);
    this.hashes = hashes;
  }
}

/** Root and worker disagree about what the worker's weights are made of. */
export class ChunkListError extends ShoalError {
  readonly blame = 'runtime';

  constructor(cause: string) {
    super(`Root and worker disagree about chunks of weights: ${cause}; run the same version of Shoal on both machines`);
  }
}
