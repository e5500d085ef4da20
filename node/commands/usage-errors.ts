// What can be wrong with a command line, one class a cause.

import { ShoalError } from '../../shared/errors.ts';
import { PROGRAM } from './program-name.ts';

abstract class UsageError extends ShoalError {
  readonly blame = 'usage';
}

export class UnknownCommandError extends UsageError {
  constructor(name: string, meant: string | undefined, known: readonly string[]) {
    super(
      `unknown command ${JSON.stringify(name)}; ${meant ? `did you mean ${meant}?` : `choose one of ${known.join(', ')}`}`,
    );
  }
}

export class UnknownOptionError extends UsageError {
  constructor(option: string, meant: string | undefined, command: string) {
    super(`unknown option ${option}; ${meant ? `did you mean --${meant}?` : `see ${PROGRAM} help ${command}`}`);
  }
}

/** An option of another command. */
export class ForeignOptionError extends UsageError {
  constructor(option: string, command: string) {
    super(`${command} has no use for --${option}; leave it out, or see ${PROGRAM} help ${command}`);
  }
}

/** An option that distributed-llama has and Shoal has not yet: ignoring it would be worse than saying so. */
export class UnavailableOptionError extends UsageError {
  constructor(option: string, reason: string) {
    super(`--${option} is not part of this version: ${reason}; leave it out`);
  }
}

export class RepeatedOptionError extends UsageError {
  constructor(option: string) {
    super(`--${option} is given twice; give it once`);
  }
}

export class MissingValueError extends UsageError {
  constructor(option: string, placeholder: string) {
    super(`--${option} lacks its value; write --${option} ${placeholder} (or --${option}=${placeholder})`);
  }
}

export class UnwantedValueError extends UsageError {
  constructor(option: string) {
    super(`--${option} takes no value; write just --${option}`);
  }
}

export class BadValueError extends UsageError {
  constructor(option: string, text: string, problem: string, remedy: string) {
    super(`--${option} is ${JSON.stringify(text)}, which is ${problem}; give ${remedy}`);
  }
}

export class UnexpectedWordError extends UsageError {
  constructor(word: string, command: string) {
    super(`unexpected ${JSON.stringify(word)}; quote texts with spaces, or see ${PROGRAM} help ${command}`);
  }
}

/** Something without which the command cannot begin. */
export class MissingArgumentError extends UsageError {
  constructor(command: string, what: string, remedy: string) {
    super(`${command} needs ${what}; give ${remedy}`);
  }
}

export class ConflictingOptionsError extends UsageError {
  constructor(one: string, other: string) {
    super(`--${one} and --${other} contradict each other; give one of them`);
  }
}
