// Errors of the engine on their way between threads. Those that the API tells apart arrive as what they were.

import { InvalidSchemaError, UnsupportedSchemaError } from '../../shared/api/json/json-errors.ts';
import {
  EngineClosedError,
  InvalidRequestError,
  PromptTooLongError,
  QueueFullError,
} from '../../shared/engine/errors.ts';
import { type Blame, ShoalError } from '../../shared/errors.ts';
import type { SentError } from './engine-messages.ts';

class RemoteError extends ShoalError {
  readonly blame: Blame;

  constructor({ message, stack, blame }: SentError) {
    super(message);
    this.blame = blame ?? 'runtime';
    if (stack !== undefined) this.stack = stack;
  }
}

export function sentError(error: unknown): SentError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const blame = error instanceof ShoalError ? error.blame : undefined;
  const details =
    error instanceof PromptTooLongError
      ? [error.promptTokens, error.seqLen]
      : error instanceof QueueFullError
        ? [error.waiting]
        : [];
  return { name, message, stack, blame, details };
}

export function receivedError(sent: SentError): Error {
  const { name, message, blame, details } = sent;
  switch (name) {
    case 'PromptTooLongError':
      return new PromptTooLongError(details[0]!, details[1]!);
    case 'QueueFullError':
      return new QueueFullError(details[0]!);
    case 'EngineClosedError':
      return new EngineClosedError();
    case 'InvalidRequestError':
      return new InvalidRequestError(message);
    case 'InvalidSchemaError':
      return new InvalidSchemaError(message);
    case 'UnsupportedSchemaError':
      return new UnsupportedSchemaError(message);
    default: {
      if (blame !== undefined) return new RemoteError(sent);
      const error = new Error(message);
      if (sent.stack !== undefined) error.stack = sent.stack;
      return error;
    }
  }
}
