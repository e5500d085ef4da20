// Errors as OpenAI's API has them: a status, and an object with message, type, param and code. Knows every error that a
// request may end with, and nothing of HTTP but the status numbers.

import { EngineClosedError, InvalidRequestError, PromptTooLongError, QueueFullError } from '../../engine/errors.ts';
import { ShoalError } from '../../errors.ts';
import { ChatTemplateRenderError, NoChatTemplateError } from '../../text/text-errors.ts';
import { InvalidSchemaError, UnsupportedSchemaError } from '../json/json-errors.ts';

export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'server_error';

export interface ApiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: ApiErrorType;
    readonly param: string | null;
    readonly code: string | null;
  };
}

interface Details {
  readonly param?: string | undefined;
  readonly code?: string;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly type: ApiErrorType;
  readonly param: string | null;
  readonly code: string | null;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, type: ApiErrorType, message: string, details: Details = {}) {
    super(message, { cause: details.cause });
    this.name = 'ApiError';
    this.status = status;
    this.type = type;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  get body(): ApiErrorBody {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

export const invalidRequest = (message: string, param?: string, code?: string): ApiError =>
  new ApiError(400, 'invalid_request_error', message, { param, ...(code === undefined ? {} : { code }) });

/** A queue moves on within seconds: a place is soon free, or the next one. */
const QUEUE_RETRY_SECONDS = 2;

/** Whatever a request ended with. What is no mistake of the caller's says little: a stranger may be reading it. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof PromptTooLongError) return invalidRequest(error.message, 'messages', 'context_length_exceeded');
  if (error instanceof UnsupportedSchemaError || error instanceof InvalidSchemaError) {
    return invalidRequest(error.message, 'response_format');
  }
  if (error instanceof ChatTemplateRenderError || error instanceof NoChatTemplateError) {
    return invalidRequest(error.message, 'messages');
  }
  if (error instanceof InvalidRequestError) return invalidRequest(error.message);
  if (error instanceof QueueFullError) {
    const details = { code: 'queue_full', retryAfterSeconds: QUEUE_RETRY_SECONDS, cause: error };
    return new ApiError(429, 'rate_limit_error', error.message, details);
  }
  if (error instanceof EngineClosedError) return new ApiError(503, 'server_error', error.message, { code: 'closing' });
  if (error instanceof ShoalError) return new ApiError(503, 'server_error', error.message, { cause: error });
  return new ApiError(500, 'server_error', 'The server made a mistake; its log says more', { cause: error });
}
