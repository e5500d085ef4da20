// Why the server gave no answer, one class a cause. Knows no HTTP beyond the numbers.

import { ShoalError } from '../../shared/errors.ts';

/** Nobody answered. */
export class NoServerError extends ShoalError {
  override readonly blame = 'runtime';

  constructor(options?: ErrorOptions) {
    super('The server cannot be reached; see that it runs and that this device is in its network', options);
  }
}

/** The answer broke off in the middle. */
export class CutOffError extends ShoalError {
  override readonly blame = 'runtime';

  constructor(options?: ErrorOptions) {
    super('The connection broke in the middle of the answer; ask again', options);
  }
}

/** The server answered with something that is not OpenAI's API. */
export class StrangeAnswerError extends ShoalError {
  override readonly blame = 'runtime';

  constructor(what: string) {
    super(`The server's answer cannot be understood: ${what}; reload this page, it may be older than the server`);
  }
}

/** The server refused, in its own words. `status` is 0 for an error that came in the middle of an answer. */
export class RefusedError extends ShoalError {
  override readonly blame = 'runtime';
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, status: number, code: string | undefined, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
