// What all errors have in common that a person is meant to read: a one-line message with cause and remedy, and whose
// doing it was. Each room defines its own subclasses, one a cause; commands turn them into one line and an exit code.

/** `usage`: the command line or a setting is wrong. `file`: an input cannot be used. `runtime`: it failed while running. */
export type Blame = 'usage' | 'file' | 'runtime';

/** An error whose message is written for a user: one line, cause first, remedy after a semicolon. */
export abstract class ShoalError extends Error {
  abstract readonly blame: Blame;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
