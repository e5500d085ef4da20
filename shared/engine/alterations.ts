// Which logits a request's penalties and biases alter, and how. They are few, so that a rank that holds the logits
// returns them apart from the rest, and only the sampler needs to know the request's history.

import type { TokenId } from '../units.ts';
import type { Sampling } from './sampling.ts';

/** How one token's logit is altered: the repetition penalty if `repeated`, then `offset` is added. */
export interface Alteration {
  readonly repeated: boolean;
  readonly offset: number;
}

export type Alterations = ReadonlyMap<TokenId, Alteration>;

/** The tokens so far: the prompt, which is the first `promptLength`, and what was generated. */
export interface History {
  readonly tokens: readonly TokenId[];
  readonly promptLength: number;
}

/** Each altered token once, in an order that depends on the arguments only. */
export function alterationsOf(sampling: Sampling, history: History): Alterations {
  const alterations = new Map<TokenId, Alteration>();
  const add = (id: TokenId, offset: number, repeated: boolean): void => {
    const before = alterations.get(id);
    alterations.set(id, {
      repeated: repeated || (before?.repeated ?? false),
      offset: (before?.offset ?? 0) + offset,
    });
  };
  const { tokens, promptLength } = history;
  if (sampling.repetitionPenalty !== 1) {
    for (let i = Math.max(0, tokens.length - sampling.repetitionWindow); i < tokens.length; i++) {
      if (!alterations.has(tokens[i]!)) add(tokens[i]!, 0, true);
    }
  }
  if (sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0) {
    const generated = new Set<TokenId>();
    for (let i = promptLength; i < tokens.length; i++) {
      const first = !generated.has(tokens[i]!);
      generated.add(tokens[i]!);
      add(tokens[i]!, -sampling.frequencyPenalty - (first ? sampling.presencePenalty : 0), false);
    }
  }
  for (const [id, bias] of sampling.logitBias) add(id, bias, false);
  return alterations;
}

/** The logit that the sampler uses in place of the model's. */
export function alteredLogit(logit: number, alteration: Alteration, repetitionPenalty: number): number {
  const penalised = !alteration.repeated ? logit : logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
  return penalised + alteration.offset;
}
