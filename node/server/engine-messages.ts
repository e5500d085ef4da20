// What the thread that serves HTTP and the one that runs the model say to each other. Only types.

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

export interface Happenings {
  readonly type: 'happened';
  readonly events: readonly EngineEvent[];
  readonly status: EngineStatus;
}

export type EngineEvent =
  | { readonly type: 'accepted'; readonly id: number }
  | { readonly type: 'token'; readonly id: number; readonly token: GeneratedToken }
  | { readonly type: 'ended'; readonly id: number; readonly summary: GenerationSummary }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError };

export type FromEngine =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'ready'; readonly status: EngineStatus; readonly threads: number }
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
