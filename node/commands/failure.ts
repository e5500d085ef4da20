// From whatever was thrown to what a person is told, and to an exit code.

import { ShoalError } from '../../shared/errors.ts';

export interface Failure {
  /** One line, whatever a path or a foreign message contains. */
  readonly line: string;
  readonly exitCode: 1 | 2;
}

const FAULT = 'this is a fault in Shoal; run with SHOAL_DEBUG=1 to see where';

export function failureOf(error: unknown): Failure {
  if (error instanceof ShoalError) {
    return { line: `shoal: ${oneLine(error.message)}`, exitCode: error.blame === 'usage' ? 2 : 1 };
  }
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { line: `shoal: ${oneLine(`${name}: ${message}`)}; ${FAULT}`, exitCode: 1 };
}

/** Line breaks become spaces; other control characters, which could move the cursor, go. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/\p{Cc}/gu, '');
