// The sampler's other half, for the rare token that the largest logits do not decide: chooses with the whole row.

import type { TokenId } from '../units.ts';
import { type Alterations, alteredLogit } from './alterations.ts';
import { keptBy, lookUp, sum } from './cuts.ts';
import { UnusableLogitsError } from './errors.ts';
import type { Chance } from './random.ts';
import type { Sampling } from './sampling.ts';
import type { TokenSet } from './token-set.ts';

/** A token with its logit after penalties and bias. */
export interface Entry {
  readonly id: TokenId;
  readonly logit: number;
}

/** Larger logits first, of equals the lower id: the one order in which tokens are sorted everywhere. */
export const byRank = (a: Entry, b: Entry): number => b.logit - a.logit || a.id - b.id;

/** What the whole row is altered and restricted by. */
export interface RowRules {
  readonly sampling: Sampling;
  readonly alterations: Alterations;
  /** Undefined: all tokens. */
  readonly allowed: TokenSet | undefined;
}

/**
 * `certain` are the first of the sorted tokens, which the sampler knew to be kept without the whole row. There are none
 * if none of the allowed tokens was among the largest logits.
 */
export function chooseFromAll(
  { sampling, alterations, allowed }: RowRules,
  row: Float32Array,
  certain: Int32Array | readonly TokenId[],
  chance: Chance,
): TokenId {
  const logits = Float64Array.from(row);
  for (const [id, alteration] of alterations) {
    logits[id] = alteredLogit(row[id]!, alteration, sampling.repetitionPenalty);
  }
  if (allowed) for (let id = 0; id < row.length; id++) if (!allowed.has(id)) logits[id] = Number.NEGATIVE_INFINITY;
  const max =
    certain.length > 0 ? logits[certain[0]!]! : logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(max)) throw new UnusableLogitsError(max);
  if (sampling.temperature === 0) return logits.indexOf(max);
  const weights = logits.map((logit) => Math.exp((logit - max) / sampling.temperature));
  const cutting = sampling.topK > 0 || sampling.topP < 1 || sampling.minP > 0;
  const beyond = cutting ? keptTokens(sampling, logits, weights).slice(certain.length) : undefined;
  const certainWeights = Float64Array.from(certain, (id) => weights[id]!);
  const certainWeight = sum(certainWeights);
  // Where nothing is cut there is no need to sort: the others follow by id, those that are certain weigh nothing.
  if (!beyond) for (const id of certain) weights[id] = 0;
  const beyondWeights = beyond?.map((id) => weights[id]!) ?? weights;
  const beyondWeight = sum(beyondWeights);
  if (beyondWeight === 0 || chance.place * (certainWeight + beyondWeight) < certainWeight) {
    return certain[lookUp(certainWeights, chance.pick * certainWeight)]!;
  }
  const index = lookUp(beyondWeights, chance.pick * beyondWeight);
  return beyond ? beyond[index]! : index;
}

/** The tokens that the cuts keep, sorted. */
function keptTokens(sampling: Sampling, logits: Float64Array, weights: Float64Array): TokenId[] {
  const { topK, topP, minP } = sampling;
  const total = sum(weights);
  // Tokens lighter than the average of what top-p leaves out sum to less than that, so none of them is kept (llama2.c
  // sorts fewer by the same thought). After top-k the sum is not known before sorting, but numbers alone sort fast.
  const floor = topK > 0 ? (weights.toSorted().at(-topK) ?? 0) : Math.max(minP, ((1 - topP) * total) / weights.length);
  const entries: Entry[] = [];
  for (let id = 0; id < weights.length; id++) {
    if (weights[id]! >= floor && weights[id]! > 0) entries.push({ id, logit: logits[id]! });
  }
  entries.sort(byRank);
  const sorted = Float64Array.from(entries, ({ id }) => weights[id]!);
  const { count } = keptBy(sampling, sorted, { low: total, high: total }, true);
  return entries.slice(0, count).map(({ id }) => id);
}
