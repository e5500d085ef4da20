// What can go wrong between a request and its tokens, one class a cause. Errors of devices and links pass through as
// they are; these are the engine's own.

import { ShoalError } from '../errors.ts';

/** The request cannot be served as it was asked for. */
export class InvalidRequestError extends ShoalError {
  readonly blame = 'usage';
}

/** The prompt has more tokens than the model was loaded with room for. */
export class PromptTooLongError extends ShoalError {
  readonly blame = 'usage';
  readonly promptTokens: number;
  readonly seqLen: number;

  constructor(promptTokens: number, seqLen: number) {
    super(
      `The prompt has ${promptTokens} tokens but the context holds ${seqLen}; ` +
        'shorten it, or load the model with a larger --max-seq-len',
    );
    this.promptTokens = promptTokens;
    this.seqLen = seqLen;
  }
}

/** Too many requests wait already. */
export class QueueFullError extends ShoalError {
  readonly blame = 'runtime';
  readonly waiting: number;

  constructor(waiting: number) {
    super(`${waiting} requests are waiting already, which is as many as may; try again in a moment`);
    this.waiting = waiting;
  }
}

/** The engine was closed while the request ran, or before it was made. */
export class EngineClosedError extends ShoalError {
  readonly blame = 'runtime';

  constructor() {
    super('The engine was closed; start it again to send further requests');
  }
}

/** The logits make no distribution: not numbers, or all of them minus infinity. */
export class UnusableLogitsError extends ShoalError {
  readonly blame = 'runtime';

  constructor(found: number) {
    super(
      `The model answered with a largest logit of ${found}; check the model file's checksum, or try another device`,
    );
  }
}

/** A stepper did not answer what was asked for. A mistake in the program, never the user's. */
export class StepAnswerError extends ShoalError {
  readonly blame = 'runtime';

  constructor(wanted: string, got: string) {
    super(`A step was asked for ${wanted} but answered ${got}; report this with the command that you ran`);
  }
}

/** A program that needs other ranks was given to a stepper that has none. */
export class NeedsRanksError extends ShoalError {
  readonly blame = 'runtime';

  constructor(sync: string) {
    super(
      `The program waits for other ranks (${sync}) but runs alone; build it with the whole slice, or run a cluster`,
    );
  }
}

/**
 * A stepper rejects with this when keys and values are gone, in all slots, though it can go on: a rank left and others
 * took its layers. The engine then computes the sequences again from their tokens, and readers only see a pause.
 */
export class CacheLostError extends ShoalError {
  readonly blame = 'runtime';

  constructor(cause: string, options?: ErrorOptions) {
    super(`The cache of the running requests was lost: ${cause}; send them again`, options);
  }
}
