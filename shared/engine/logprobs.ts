// Log-probabilities as OpenAI reports them: of the model's own distribution, before penalties, bias and temperature.

import type { Candidates } from '../device/device.ts';
import type { TokenId } from '../units.ts';

export interface TokenLogprob {
  readonly id: TokenId;
  readonly logprob: number;
}

/** The chosen token's log-probability, and the most probable tokens. */
export interface Logprobs {
  readonly logprob: number;
  readonly top: readonly TokenLogprob[];
}

/** Of `chosen` and the `count` most probable; `apart` are the ids that were asked for apart. */
export function logprobsOf(
  candidates: Candidates,
  apart: readonly TokenId[],
  chosen: TokenId,
  count: number,
): Logprobs {
  const total = logSumExp([candidates.logSumExp, ...candidates.apart]);
  const known: TokenLogprob[] = [];
  candidates.ids.forEach((id, i) => {
    known.push({ id, logprob: candidates.logits[i]! - total });
  });
  apart.forEach((id, i) => {
    known.push({ id, logprob: candidates.apart[i]! - total });
  });
  const listed = known.find(({ id }) => id === chosen)?.logprob;
  // A token from beyond the largest logits was drawn from the whole row.
  const logprob = listed ?? (candidates.full?.[chosen] ?? Number.NaN) - total;
  known.sort((a, b) => b.logprob - a.logprob || a.id - b.id);
  return { logprob, top: known.slice(0, count) };
}

/** log Σ exp(value), without overflow. */
export function logSumExp(values: readonly number[]): number {
  const max = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (max === Number.NEGATIVE_INFINITY) return max;
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0));
}
