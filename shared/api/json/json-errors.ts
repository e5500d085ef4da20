// What can be wrong with a schema that a stranger sent. It knows no schema; the compiler says what it found.

import { ShoalError } from '../../errors.ts';

/** The schema contradicts the JSON Schema standard or itself: no reader could use it. */
export class InvalidSchemaError extends ShoalError {
  readonly blame = 'usage';

  static at(path: string, problem: string, remedy: string): InvalidSchemaError {
    return new InvalidSchemaError(`The JSON schema is wrong at ${shown(path)}: ${problem}; ${remedy}`);
  }
}

/** The schema may be right, but texts cannot be held to it. */
export class UnsupportedSchemaError extends ShoalError {
  readonly blame = 'usage';

  static keyword(keyword: string, path: string, reason: string, remedy: string): UnsupportedSchemaError {
    return new UnsupportedSchemaError(
      `The JSON schema's ${shown(JSON.stringify(keyword))} at ${shown(path)} cannot be enforced: ${reason}; ${remedy}`,
    );
  }

  static tooLarge(what: string): UnsupportedSchemaError {
    return new UnsupportedSchemaError(`The JSON schema is too large to be enforced: ${what}; make it simpler`);
  }
}

/** A path or keyword, on one line and not longer than a person reads. */
function shown(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]/gu, ' ');
  return line.length > 120 ? `${line.slice(0, 80)}…${line.slice(-30)}` : line;
}
