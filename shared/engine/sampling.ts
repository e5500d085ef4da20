// What a request may ask of the choice of each token: the settings, what they mean, and which values are allowed.

import type { TokenId } from '../units.ts';
import { InvalidRequestError } from './errors.ts';

/**
 * How a token is chosen. In this order: the penalties and the bias alter logits, the temperature divides them, then
 * top-k, top-p and min-p each keep a prefix of the tokens sorted by probability, and one of the kept is drawn. The
 * temperature comes before top-p as in Hugging Face, vLLM and distributed-llama (llama.cpp has it last).
 */
export interface Sampling {
  /** 0: always the most probable token, of equals the one with the lowest id. */
  readonly temperature: number;
  /** Keep the k most probable tokens; 0: all. */
  readonly topK: number;
  /** Keep the fewest tokens whose probabilities (after top-k) sum to this at least; 1: all. */
  readonly topP: number;
  /** Keep the tokens with at least this fraction of the largest probability; 0: all. */
  readonly minP: number;
  /** Divides the positive and multiplies the negative logits of tokens seen lately, as llama.cpp and HF do; 1: off. */
  readonly repetitionPenalty: number;
  /** How many of the last tokens, prompt included, `repetitionPenalty` looks at; Infinity: all. */
  readonly repetitionWindow: number;
  /** Subtracted from the logits of tokens generated already (OpenAI's meaning: the prompt does not count). */
  readonly presencePenalty: number;
  /** Subtracted once for each time that the token was generated. */
  readonly frequencyPenalty: number;
  /** Added to logits, after the penalties. */
  readonly logitBias: ReadonlyMap<TokenId, number>;
  /** Requests with equal seed, prompt and settings get equal tokens; undefined: each its own. */
  readonly seed: number | undefined;
}

/** The model's own distribution, unaltered. */
export const plainSampling: Sampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  repetitionWindow: 64,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
  seed: undefined,
};

export const greedySampling: Sampling = { ...plainSampling, temperature: 0 };

/** Settings as a request carries them: what is absent or undefined is as in `plainSampling`. */
export type SamplingSettings = { readonly [Name in keyof Sampling]?: Sampling[Name] | undefined };

/** Fills in what is absent; throws if a value makes no sense. */
export function completeSampling(settings: SamplingSettings, vocabSize: number): Sampling {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const sampling: Sampling = { ...plainSampling, ...given };
  check(sampling, 'temperature', (x) => x >= 0 && x <= 100, 'from 0 to 100');
  check(sampling, 'topK', (x) => Number.isInteger(x) && x >= 0, 'a whole number, 0 for all');
  check(sampling, 'topP', (x) => x > 0 && x <= 1, 'more than 0 and at most 1');
  check(sampling, 'minP', (x) => x >= 0 && x <= 1, 'from 0 to 1');
  check(sampling, 'repetitionPenalty', (x) => x > 0 && x <= 100, 'more than 0 and at most 100, where 1 is off');
  check(sampling, 'repetitionWindow', (x) => x >= 0, 'at least 0');
  check(sampling, 'presencePenalty', (x) => Math.abs(x) <= 100, 'from -100 to 100');
  check(sampling, 'frequencyPenalty', (x) => Math.abs(x) <= 100, 'from -100 to 100');
  if (sampling.seed !== undefined) check(sampling, 'seed', Number.isSafeInteger, 'a whole number below 2^53');
  for (const [id, bias] of sampling.logitBias) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
      throw new InvalidRequestError(`The logit bias names token ${id} of ${vocabSize}; leave it out`);
    }
    if (!(Math.abs(bias) <= 1000)) {
      throw new InvalidRequestError(`The logit bias of token ${id} is ${bias}; give one from -100 to 100`);
    }
  }
  return sampling;
}

function check(sampling: Sampling, name: keyof Sampling, allowed: (value: number) => boolean, what: string): void {
  const value = sampling[name];
  if (typeof value !== 'number' || !allowed(value)) {
    throw new InvalidRequestError(`The sampling setting ${name} is ${String(value)}; give ${what}`);
  }
}
