// Finds the log-probability of each token of a given text after those before it, which is what perplexity is made of.

import type { Candidates, LogitsRequest } from '../device/device.ts';
import type { TokenId } from '../units.ts';
import { UnusableLogitsError } from './errors.ts';
import { logSumExp } from './logprobs.ts';
import type { Task } from './task.ts';

export class ScoreTask implements Task {
  readonly tokens: readonly TokenId[];
  /** Every position's logits are wanted, and cached keys have none. */
  readonly mayReuse = 0;
  readonly result: Promise<number[]>;
  ended = false;
  private readonly targets: readonly TokenId[];
  private readonly scores: number[] = [];
  private readonly settle = Promise.withResolvers<number[]>();

  /** `tokens` are two or more; of the last only its log-probability is needed. */
  constructor(tokens: readonly TokenId[]) {
    this.tokens = tokens.slice(0, -1);
    this.targets = tokens.slice(1);
    this.result = this.settle.promise;
  }

  begin(): void {}

  wanted(): readonly LogitsRequest[] {
    // After a lost cache the first positions are computed again, but are scored already.
    return this.targets.slice(this.scores.length).map((target) => ({ topK: 1, apart: [target], full: false }));
  }

  accept(position: number, candidates: readonly Candidates[]): number {
    for (const candidate of candidates) {
      const logit = candidate.apart[0]!;
      const score = logit - logSumExp([candidate.logSumExp, logit]);
      if (Number.isNaN(score)) throw new UnusableLogitsError(score);
      this.scores.push(score);
    }
    if (this.scores.length === this.targets.length) {
      this.ended = true;
      this.settle.resolve(this.scores);
    }
    return position + candidates.length;
  }

  fail(error: unknown): void {
    this.ended = true;
    this.settle.reject(error);
  }
}
