// What the thread that serves HTTP and the one that runs the model say to each other. Only data.

import type { ServedRequest } from '../../shared/api/openai/served-model.ts';
import type { EngineStatus } from '../../shared/engine/engine.ts';
import type { FinishReason, GeneratedToken, GenerationSummary } from '../../shared/engine/generation.ts';
import type { Blame } from '../../shared/errors.ts';
import type { OptionValues } from '../commands/options.ts';

/** What the thread is started with. */
export interface EngineThreadData {
  readonly options: OptionValues;
  /** Of what is written for people: whether it goes to a terminal, and how wide that is. */
  readonly notes: { readonly isTerminal: boolean; readonly columns: number };
}

export type ToEngine =
  | { readonly type: 'generate'; readonly id: number; readonly request: ServedRequest }
  | { readonly type: 'cancel'; readonly id: number; readonly reason: FinishReason }
  /** What runs and waits fails; answered by the thread's end. */
  | { readonly type: 'close' };

/** What happened in one turn, in this order. */
export interface Happenings {
  readonly type: 'happened';
  /** Requests that have got their places. */
  readonly accepted: readonly number[];
  /** Numbers, TOKEN_NUMBERS for each token: objects would take five times as long to be sent. */
  readonly tokens: Float64Array;
  /** Tokens of requests that want more than that of them. */
  readonly detailed: readonly { readonly id: number; readonly token: GeneratedToken }[];
  readonly ended: readonly EngineEnd[];
  readonly status: EngineStatus;
}

/** [request, token's id, its index, 1 if it is a stop token] */
export const TOKEN_NUMBERS = 4;

export type EngineEnd =
  | { readonly type: 'ended'; readonly id: number; readonly summary: GenerationSummary }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError };

export type FromEngine =
  | { readonly type: 'note'; readonly text: string }
  /** How far loading is, from 0 to 1. */
  | { readonly type: 'loading'; readonly share: number }
  | { readonly type: 'ready'; readonly status: EngineStatus }
  /** It cannot start. */
  | { readonly type: 'broken'; readonly error: SentError }
  | Happenings;

/** An error on its way between threads: its class is lost, so what is asked of it travels too. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly blame: Blame | undefined;
  /** Numbers that its constructor took. */
  readonly details: readonly number[];
}
