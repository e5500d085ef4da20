// What callers ask of the engine, and whether it can be done with the model that is loaded.

import type { TokenId } from '../units.ts';
import type { TokenConstraint } from './constraint.ts';
import { InvalidRequestError, PromptTooLongError } from './errors.ts';
import { completeSampling, type Sampling, type SamplingSettings } from './sampling.ts';

export interface GenerateRequest {
  readonly prompt: readonly TokenId[];
  /** The most tokens to generate; fewer if the context ends. */
  readonly maxTokens: number;
  /** Tokens that end the answer. */
  readonly stopIds?: Iterable<TokenId> | undefined;
  /** What is absent is the model's own distribution: temperature 1 and no cuts. */
  readonly sampling?: SamplingSettings | undefined;
  /** Report log-probabilities, and so many of the most probable tokens (0: of the chosen only). */
  readonly logprobs?: number | undefined;
  /** Which tokens may come; the choice is from the model's distribution over those only. Absent: all. */
  readonly constraint?: TokenConstraint | undefined;
}

/** What the loaded model sets limits by. */
export interface ModelLimits {
  readonly seqLen: number;
  readonly vocabSize: number;
}

/** A request that was found possible, with nothing left open. */
export interface GenerationOrder extends ModelLimits {
  readonly prompt: readonly TokenId[];
  readonly maxTokens: number;
  readonly stopIds: ReadonlySet<TokenId>;
  readonly sampling: Sampling;
  /** How many of the most probable tokens are reported with each; undefined: no log-probabilities at all. */
  readonly logprobs: number | undefined;
  readonly constraint: TokenConstraint | undefined;
}

export function orderOf(request: GenerateRequest, limits: ModelLimits): GenerationOrder {
  const { prompt, maxTokens, stopIds, logprobs, constraint } = request;
  const { seqLen, vocabSize } = limits;
  checkTokens(prompt, 1, vocabSize);
  if (prompt.length > seqLen) throw new PromptTooLongError(prompt.length, seqLen);
  checkCount('maxTokens', maxTokens);
  if (logprobs !== undefined) checkCount('logprobs', logprobs);
  const sampling = completeSampling(request.sampling ?? {}, vocabSize);
  return { prompt, maxTokens, stopIds: new Set(stopIds), sampling, logprobs, constraint, seqLen, vocabSize };
}

/** A text to be scored may be one token longer than the context: its last token is only predicted. */
export function checkScored(tokens: readonly TokenId[], { seqLen, vocabSize }: ModelLimits): void {
  checkTokens(tokens, 2, vocabSize);
  if (tokens.length - 1 > seqLen) throw new PromptTooLongError(tokens.length - 1, seqLen);
}

function checkTokens(tokens: readonly TokenId[], least: number, vocabSize: number): void {
  if (tokens.length < least) {
    throw new InvalidRequestError(`The prompt has ${tokens.length} tokens; give it ${least} at least`);
  }
  const alien = tokens.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
  if (alien !== undefined) {
    throw new InvalidRequestError(
      `The prompt has token ${alien}, but the model has ${vocabSize} tokens; use the tokenizer that belongs to it`,
    );
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0) {
    throw new InvalidRequestError(`The request's ${name} is ${value}; give a whole number from 0`);
  }
}
