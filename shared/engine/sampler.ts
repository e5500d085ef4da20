// Chooses a token from what ranks return of their logits, exactly as if it had all of them. Pure: the history and the
// random number are arguments. It knows no steps; where the answer does not suffice, it says so.
//
// Ranks return the k largest logits, the log-sum-exp of all, and the altered logits apart. With the altered ones put in
// their place these are the `head` of the sorted distribution, with unknown tokens only below it. What has to be known
// of those is the sum of their weights exp((logit − max) / temperature). At temperature 1 the log-sum-exp tells it; at
// others it bounds it, since each unknown logit is at most the k-th. The tokens that are kept for certain, a prefix of
// the head, have then a least probability together. One random number, `place`, decides whether the token is one of
// them, and another, `pick`, which: so an uncertain sum matters in one comparison only, and not at the border of every
// token's share. Where that comparison cannot be made, the caller repeats the position with `full` logits and the *same*
// random numbers (others would favour the head). So the result is a function of the distribution and the random numbers
// only, whether or not the whole row was at hand.
//
// Where only some tokens are allowed, the others do not exist: they are struck from the head, and of the unknown weight
// any part, or none, may be theirs. If the allowed ones are few, their logits alone are asked for, and nothing is unknown.

import type { Candidates, LogitsRequest } from '../device/device.ts';
import type { TokenId } from '../units.ts';
import { type Alterations, alterationsOf, alteredLogit, type History } from './alterations.ts';
import { type Bounds, type Kept, keptBy, lookUp, sum } from './cuts.ts';
import { UnusableLogitsError } from './errors.ts';
import { byRank, chooseFromAll, type Entry } from './full-sampler.ts';
import type { Chance } from './random.ts';
import type { Sampling } from './sampling.ts';
import type { TokenSet } from './token-set.ts';

/** Logits asked for where no top-k says how many: 1 KB a token, and usually more than 95 % of the probability. */
const usualTopK = 128;
/** A larger top-k is served from the whole row. */
const largestTopK = 1024;
/** So many allowed tokens or fewer are asked for by name. */
const fewAllowed = 64;
/** The relative error that a rank's log-sum-exp may have in single precision. */
const sumError = 1e-6;

/** What to ask for to choose the next token, and what to remember until the answer is there. */
export interface SamplePlan {
  readonly sampling: Sampling;
  readonly vocabSize: number;
  readonly alterations: Alterations;
  /** Undefined: all tokens. */
  readonly allowed: TokenSet | undefined;
  readonly request: LogitsRequest;
}

export interface SampleNeeds {
  /** How many of the most probable tokens are reported with their probabilities. */
  readonly topLogprobs?: number;
  /** Ask for the whole row, because the head did not suffice. */
  readonly full?: boolean;
  /** The tokens that may be chosen, at least one. Undefined: all. */
  readonly allowed?: TokenSet | undefined;
}

export function planSample(
  sampling: Sampling,
  history: History,
  vocabSize: number,
  { topLogprobs = 0, full = false, allowed }: SampleNeeds = {},
): SamplePlan {
  const { temperature, topK } = sampling;
  const alterations = alterationsOf(sampling, history);
  if (allowed && allowed.size <= fewAllowed) {
    const request = { topK: Math.min(vocabSize, Math.max(1, topLogprobs)), apart: [...allowed], full: false };
    return { sampling, vocabSize, alterations, allowed, request };
  }
  // Of the largest some may not be allowed, so that more are needed to have one or `topK` that are.
  const usual = allowed ? Math.max(usualTopK, topK) : topK > 0 ? topK : usualTopK;
  const k = temperature === 0 ? (allowed ? usualTopK : 1) : usual <= largestTopK ? usual : usualTopK;
  const request = {
    topK: Math.min(vocabSize, Math.max(k, topLogprobs)),
    apart: [...alterations.keys()],
    full: full || (temperature > 0 && topK > largestTopK),
  };
  return { sampling, vocabSize, alterations, allowed, request };
}

/** The token that belongs to `chance`, or 'need-more'. Full answers always suffice. */
export function sample(plan: SamplePlan, candidates: Candidates, chance: Chance): TokenId | 'need-more' {
  const { sampling } = plan;
  // Ranks report a row with a NaN in it by a log-sum-exp of NaN.
  if (Number.isNaN(candidates.logSumExp) || candidates.apart.some(Number.isNaN)) {
    throw new UnusableLogitsError(Number.NaN);
  }
  const { ids, logits, below, unknown } = sortCandidates(plan, candidates);
  const { full } = candidates;
  if (ids.length === 0) return full ? chooseFromAll(plan, full, ids, chance) : 'need-more';
  const max = logits[0]!;
  if (!Number.isFinite(max)) throw new UnusableLogitsError(max);
  if (sampling.temperature === 0) return ids[0]!;

  const { temperature } = sampling;
  const belowWeight = sum(weightsOf(below, new Float64Array(below.length), max, temperature));
  const keptWith = (weights: Float64Array, rest: Bounds): KeptHead => {
    const known = sum(weights) + belowWeight;
    const total = { low: known + rest.low, high: known + rest.high };
    const complete = unknown === 0 && weights.length === logits.length;
    const { count, mostWeight } = keptBy(sampling, weights, total, complete);
    return { weights, count, mostWeight, certainWeight: sum(weights.subarray(0, count)) };
  };
  // Mostly the cuts are certain with the heaviest few, of which the last is the most that any other can weigh; closer
  // bounds would change nothing then.
  const few = weightsOf(logits, FEW.subarray(0, logits.length), max, temperature);
  let kept = keptWith(few, { low: 0, high: (logits.length - few.length + unknown) * few.at(-1)! });
  if (isUncertain(kept) && few.length < logits.length) {
    const all = weightsOf(logits, new Float64Array(logits.length), max, temperature);
    const kth = Math.exp((candidates.logits.at(-1)! - max) / temperature);
    kept = keptWith(all, { low: 0, high: unknown * kth });
  }
  if (isUncertain(kept) && unknown > 0) kept = keptWith(kept.weights, unknownWeight(plan, candidates, unknown, max));
  const { weights, count, mostWeight, certainWeight } = kept;
  if (chance.place * mostWeight < certainWeight) return ids[lookUp(weights, chance.pick * certainWeight)]!;
  return full ? chooseFromAll(plan, full, ids.slice(0, count), chance) : 'need-more';
}

/** Used by one call at a time. */
const FEW = new Float64Array(16);

interface KeptHead extends Kept {
  /** Of the heaviest tokens. */
  readonly weights: Float64Array;
  /** Of the first `count`. */
  readonly certainWeight: number;
}

const isUncertain = ({ mostWeight, certainWeight }: KeptHead): boolean => mostWeight > certainWeight;

/** Fills `weights` with those of the first logits. */
function weightsOf(logits: ArrayLike<number>, weights: Float64Array, max: number, temperature: number): Float64Array {
  for (let i = 0; i < weights.length; i++) weights[i] = Math.exp((logits[i]! - max) / temperature);
  return weights;
}

interface SortedCandidates {
  /** The beginning of the sorted distribution over what is allowed, without gaps. Empty only if all of it is unknown. */
  readonly ids: Int32Array | readonly TokenId[];
  readonly logits: ArrayLike<number>;
  /** Altered logits that have fallen among the unknown. */
  readonly below: readonly number[];
  /** How many tokens are in neither. */
  readonly unknown: number;
}

function sortCandidates(plan: SamplePlan, { ids, logits, apart }: Candidates): SortedCandidates {
  const { alterations, allowed, request, sampling, vocabSize } = plan;
  if (!allowed && request.apart.length === 0) return { ids, logits, below: [], unknown: vocabSize - ids.length };
  const head: Entry[] = [];
  const named: Entry[] = [];
  ids.forEach((id, i) => {
    if (allowed?.has(id) ?? true) head.push({ id, logit: logits[i]! });
  });
  request.apart.forEach((id, i) => {
    const alteration = alterations.get(id);
    const logit = alteration ? alteredLogit(apart[i]!, alteration, sampling.repetitionPenalty) : apart[i]!;
    if (allowed?.has(id) ?? true) named.push({ id, logit });
  });
  const unknown = (allowed?.size ?? vocabSize) - head.length - named.length;
  const below: number[] = [];
  const last = ids.length > 0 ? { id: ids.at(-1)!, logit: logits.at(-1)! } : undefined;
  for (const entry of named) {
    if (unknown > 0 && last && byRank(last, entry) < 0) below.push(entry.logit);
    else head.push(entry);
  }
  if (named.length > 0) head.sort(byRank);
  return { ids: head.map(({ id }) => id), logits: head.map(({ logit }) => logit), below, unknown };
}

/** The sum of the weights of `count` tokens of which only the log-sum-exp and an upper limit are known. */
function unknownWeight(plan: SamplePlan, { logits, logSumExp }: Candidates, count: number, max: number): Bounds {
  const power = 1 / plan.sampling.temperature;
  // In units of the k-th weight, so that a bias that lifts `max` far above them leaves something to calculate with.
  const kth = logits.at(-1)!;
  const unit = Math.exp((kth - max) * power);
  const all = Math.exp(logSumExp - kth);
  let listed = 0;
  for (const logit of logits) listed += Math.exp(logit - kth);
  if (!Number.isFinite(all - listed)) return { low: 0, high: count * unit };
  // With tokens among them that are not allowed, the sum is only an upper limit.
  const sumKnown = plan.allowed === undefined;
  const rest = Math.min(Math.max(0, all - listed), count);
  if (power === 1) return { low: sumKnown ? rest * unit : 0, high: rest * unit };
  const low = sumKnown ? Math.max(0, rest - sumError * all) : 0;
  const high = Math.min(count, rest + sumError * all);
  // Σ w^power of weights w ≤ 1 with a given sum is extreme where all are equal (by the power mean inequality), and where
  // each is 1 or nothing.
  const spread = (restSum: number): number => restSum ** power * count ** (1 - power);
  return power > 1 ? { low: spread(low) * unit, high: high * unit } : { low: low * unit, high: spread(high) * unit };
}
