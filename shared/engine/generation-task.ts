// One request for tokens, from its prompt to its last token: chooses each from the logits of the position before, and
// decides when it is enough. It knows neither slots nor other requests.

import type { Candidates, LogitsRequest } from '../device/device.ts';
import { requestMetrics } from '../measure/request-metrics.ts';
import type { Milliseconds, TokenId } from '../units.ts';
import type { History } from './alterations.ts';
import type { TokenConstraint } from './constraint.ts';
import { StepAnswerError } from './errors.ts';
import { type FinishReason, TokenStream } from './generation.ts';
import { logprobsOf } from './logprobs.ts';
import type { Chance, RandomSource } from './random.ts';
import type { GenerationOrder } from './request.ts';
import { planSample, type SampleNeeds, type SamplePlan, sample } from './sampler.ts';
import type { Lease } from './slots.ts';
import type { Task } from './task.ts';
import type { TokenSet } from './token-set.ts';

/**
 * The share of the last ten or so tokens for which the largest logits did not suffice, from which on the whole row is
 * asked for at once. Computing a position again costs a step, and the row only bytes, but for every token.
 */
const fullFrom = 0.25;

export class GenerationTask implements Task {
  readonly tokens: TokenId[];
  readonly mayReuse: number;
  readonly stream: TokenStream;
  ended = false;
  private readonly order: GenerationOrder;
  private readonly random: RandomSource;
  private readonly clock: () => Milliseconds;
  private readonly requestedAt: Milliseconds;
  private begunAt: Milliseconds | undefined;
  private firstTokenAt: Milliseconds | undefined;
  private lastTokenAt: Milliseconds = 0;
  private generated = 0;
  private reused = 0;
  private plan: SamplePlan | undefined;
  /** Drawn once a token, also if its position is computed twice. */
  private chance: Chance | undefined;
  private shortfall = 0;
  private constraint: TokenConstraint | undefined;
  /** What the constraint allows next. */
  private allowed: TokenSet | undefined;

  constructor(order: GenerationOrder, random: RandomSource, clock: () => Milliseconds, onEnd: () => void) {
    this.order = order;
    this.random = random;
    this.clock = clock;
    this.requestedAt = clock();
    this.tokens = [...order.prompt];
    this.mayReuse = order.prompt.length - 1;
    this.stream = new TokenStream((reason) => {
      this.finish(reason);
      onEnd();
    });
    if (order.maxTokens === 0) this.finish('length');
    else this.constrain(order.constraint);
  }

  begin(lease: Lease): void {
    this.begunAt = this.clock();
    this.reused = lease.reused;
  }

  wanted(): readonly LogitsRequest[] {
    // Planned once a token: a prompt takes many steps and its history does not change in them.
    this.plan ??= planSample(this.order.sampling, this.history, this.order.vocabSize, this.needs);
    return [this.plan.request];
  }

  accept(_position: number, candidates: readonly Candidates[]): number {
    const [answer] = candidates;
    const plan = this.plan;
    if (!answer || !plan) return this.tokens.length;
    if (plan.request.full && !answer.full) throw new StepAnswerError('the whole row of logits', 'a part');
    this.plan = undefined;
    this.chance ??= { place: this.random(), pick: this.random() };
    let id = this.only ?? sample(plan, { ...answer, full: undefined }, this.chance);
    this.shortfall = 0.9 * this.shortfall + (id === 'need-more' ? 0.1 : 0);
    if (id === 'need-more' && answer.full) id = sample(plan, answer, this.chance);
    if (id === 'need-more') {
      this.plan = planSample(plan.sampling, this.history, this.order.vocabSize, { ...this.needs, full: true });
      return this.tokens.length - 1; // the last position once more, over the same place in the cache
    }
    this.chance = undefined;
    const computed = this.tokens.length;
    this.take(id, plan, answer);
    return computed;
  }

  fail(error: unknown): void {
    this.ended = true;
    this.stream.fail(error);
  }

  private get history(): History {
    return { tokens: this.tokens, promptLength: this.order.prompt.length };
  }

  private get needs(): SampleNeeds {
    return { topLogprobs: this.order.logprobs ?? 0, full: this.shortfall >= fullFrom, allowed: this.allowed };
  }

  private constrain(constraint: TokenConstraint | undefined): void {
    this.constraint = constraint;
    this.allowed = constraint?.allowed();
    if (this.allowed?.size === 0) this.finish('stop');
  }

  /** The token that has no alternative, whatever its logit. */
  private get only(): TokenId | undefined {
    if (this.allowed?.size !== 1) return undefined;
    const [id] = this.allowed;
    return id;
  }

  private take(id: TokenId, plan: SamplePlan, answer: Candidates): void {
    const { logprobs, maxTokens, seqLen, stopIds } = this.order;
    const at = this.clock();
    const isStop = stopIds.has(id);
    this.firstTokenAt ??= at;
    this.lastTokenAt = at;
    this.tokens.push(id);
    this.stream.push({
      id,
      index: this.generated++,
      isStop,
      logprobs: logprobs === undefined ? undefined : logprobsOf(answer, plan.request.apart, id, logprobs),
      at,
    });
    if (isStop) this.finish('stop');
    // A token at position seqLen could still be chosen, but not be computed to choose another after it.
    else if (this.generated === maxTokens || this.tokens.length > seqLen) this.finish('length');
    else this.constrain(this.constraint?.after(id));
  }

  private finish(finishReason: FinishReason): void {
    this.ended = true;
    const finishedAt = this.clock();
    const { requestedAt, firstTokenAt, lastTokenAt, generated: outputTokens } = this;
    const begunAt = this.begunAt ?? finishedAt;
    const inputTokens = this.order.prompt.length;
    const evaluated = firstTokenAt !== undefined;
    this.stream.end({
      finishReason,
      metrics: requestMetrics({ requestedAt, firstTokenAt, finishedAt, inputTokens, outputTokens }),
      queuedMs: begunAt - requestedAt,
      reusedTokens: this.reused,
      evaluation: evaluated ? { tokens: inputTokens - this.reused, ms: firstTokenAt - begunAt } : { tokens: 0, ms: 0 },
      prediction: evaluated ? { tokens: outputTokens - 1, ms: lastTokenAt - firstTokenAt } : { tokens: 0, ms: 0 },
    });
  }
}
