// What a caller of `generate` holds: the tokens as they come, a way to stop, and the summary at the end. It knows no
// steps; the engine pushes into it.

import type { Phase, RequestMetrics } from '../measure/request-metrics.ts';
import type { Milliseconds, TokenId } from '../units.ts';
import type { Logprobs } from './logprobs.ts';

/** `stop`: a stop token, or the caller found a stop text. `length`: as many tokens as allowed, or the context is full. */
export type FinishReason = 'stop' | 'length' | 'cancelled';

export interface GeneratedToken {
  readonly id: TokenId;
  /** 0 for the first generated token. */
  readonly index: number;
  /** It is one of the stop ids: it ends the answer and is not part of its text. */
  readonly isStop: boolean;
  /** Present where the request asked for log-probabilities. */
  readonly logprobs: Logprobs | undefined;
  /** When it was chosen, by the engine's clock. */
  readonly at: Milliseconds;
}

export interface GenerationSummary {
  readonly finishReason: FinishReason;
  readonly metrics: RequestMetrics;
  /** From the request until it got a slot. */
  readonly queuedMs: Milliseconds;
  /** Prompt tokens whose keys and values a slot held already. */
  readonly reusedTokens: number;
  /** The prompt's other tokens, until the first generated one. */
  readonly evaluation: Phase;
  /** The generated tokens after the first. */
  readonly prediction: Phase;
}

/**
 * Iterating gives every token from the first, however late it begins: those together that have come since the reader last
 * asked, at least one. Leaving the loop early cancels. A step's error is thrown by the loop and rejects `finished`.
 */
export interface Generation extends AsyncIterable<readonly GeneratedToken[]> {
  readonly finished: Promise<GenerationSummary>;
  /** Ends it now, wherever it is; tokens that came remain readable. Does nothing if it has ended. */
  cancel(reason?: FinishReason): void;
}

/** A Generation with the engine's end of it. */
export class TokenStream implements Generation {
  readonly finished: Promise<GenerationSummary>;
  private readonly settle: PromiseWithResolvers<GenerationSummary>;
  private readonly onCancel: (reason: FinishReason) => void;
  // All tokens stay here, so that none is lost to a slow reader; the request's maxTokens bounds them.
  private readonly tokens: GeneratedToken[] = [];
  private ended = false;
  private error: unknown;
  /** What a reader waits for. */
  private news: PromiseWithResolvers<true> | undefined;

  constructor(onCancel: (reason: FinishReason) => void) {
    this.onCancel = onCancel;
    this.settle = Promise.withResolvers();
    this.finished = this.settle.promise;
    this.finished.catch(() => {}); // a caller who only iterates sees the error there; this is not an unhandled one
  }

  push(token: GeneratedToken): void {
    this.tokens.push(token);
    this.announce();
  }

  end(summary: GenerationSummary): void {
    this.ended = true;
    this.settle.resolve(summary);
    this.announce();
  }

  fail(error: unknown): void {
    this.ended = true;
    this.error = error;
    this.settle.reject(error);
    this.announce();
  }

  cancel(reason: FinishReason = 'cancelled'): void {
    if (!this.ended) this.onCancel(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly GeneratedToken[], void, undefined> {
    try {
      for (let read = 0; ; ) {
        const batch = this.tokens.slice(read);
        read += batch.length;
        if (batch.length > 0) yield batch;
        else if (!(await this.more())) return;
      }
    } finally {
      this.cancel();
    }
  }

  /** For who has read all: false once nothing comes any more, else resolves when something has. */
  private more(): false | Promise<true> {
    if (this.error !== undefined) throw this.error;
    if (this.ended) return false;
    this.news ??= Promise.withResolvers();
    return this.news.promise;
  }

  private announce(): void {
    this.news?.resolve(true);
    this.news = undefined;
  }
}
