// What all answers of the API have in common: their ids, what they used, and how sampling was asked for.

import type { SamplingSettings } from '../../engine/sampling.ts';
import type { TextSummary } from '../text-generation.ts';
import type { ChatRequest, CompletionRequest } from './requests.ts';
import type { ServedModel } from './served-model.ts';

/** An answer that is being made, whole or in chunks: one of the two may be taken, once. */
export interface ApiAnswer {
  readonly streams: boolean;
  /** Objects to be sent one by one. Leaving the loop early cancels. */
  chunks(): AsyncGenerator<object, void, undefined>;
  whole(): Promise<object>;
  cancel(): void;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

/** Of the answers to one prompt, or to each of several. */
export function usageOf(summaries: readonly TextSummary[], choicesPerPrompt: number): Usage {
  const prompts = summaries.filter((_, i) => i % choicesPerPrompt === 0);
  const sum = (of: readonly TextSummary[], count: (summary: TextSummary) => number): number =>
    of.reduce((total, summary) => total + count(summary), 0);
  const prompt = sum(prompts, ({ metrics }) => metrics.InputTokens);
  const completion = sum(summaries, ({ textTokens }) => textTokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(prompts, ({ reusedTokens }) => reusedTokens) },
  };
}

export function samplingOf(
  { sampling }: ServedModel,
  request: ChatRequest | CompletionRequest,
  choice: number,
): SamplingSettings {
  const { top_p: topP = sampling.topP, seed, logit_bias: bias = {} } = request;
  return {
    temperature: request.temperature ?? sampling.temperature,
    // Nothing but the most probable token has no probability together.
    ...(topP === 0 ? { topK: 1 } : { topP, topK: request.top_k ?? sampling.topK }),
    minP: request.min_p ?? sampling.minP,
    repetitionPenalty: request.repetition_penalty ?? sampling.repetitionPenalty,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    logitBias: new Map(Object.entries(bias).map(([id, value]) => [Number(id), value])),
    seed: seed === undefined ? undefined : seed + choice,
  };
}

export const stopsOf = ({ stop }: ChatRequest | CompletionRequest): readonly string[] =>
  (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '');

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Unlike any other, but no secret. */
export const newId = (prefix: string): string =>
  prefix + Array.from({ length: 24 }, () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)]).join('');

/** Seconds since 1970. */
export const secondsNow = (): number => Math.floor(Date.now() / 1000);
