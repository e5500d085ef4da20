// Errors across threads: taken apart where they happen, put together again where they are waited for.

import { ShoalError } from '../../errors.ts';
import type { Failure } from './messages.ts';

/** A thread of the cpu device failed in a way that no user can mend. */
export class ThreadError extends Error {
  constructor(failure: Failure) {
    super(`A thread of the cpu device failed: ${failure.message}`);
    this.name = 'ThreadError';
    if (failure.stack) this.stack = failure.stack;
  }
}

/** A thread of the cpu device is gone: out of memory, or ended by something that is no part of Shoal. */
export class ThreadDeathError extends ShoalError {
  readonly blame = 'runtime';

  constructor(cause: Error) {
    super(
      `A thread of the cpu device died: ${cause.message}; run again, with a shorter --max-seq-len if memory ran out`,
      { cause },
    );
  }
}

/** An error of another thread whose message was written for a user. */
class RelayedError extends ShoalError {
  readonly blame: ShoalError['blame'];

  constructor(failure: Failure, blame: ShoalError['blame']) {
    super(failure.message);
    this.name = failure.name;
    this.blame = blame;
  }
}

export function toFailure(error: unknown): Failure {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, blame: error instanceof ShoalError ? error.blame : undefined };
}

export const fromFailure = (failure: Failure): Error =>
  failure.blame ? new RelayedError(failure, failure.blame) : new ThreadError(failure);
