// How well a model predicts a given text: the mean negative log-likelihood of its tokens, from which perplexity follows.
// Texts longer than the context are scored in windows.

import type { Engine } from '../engine/engine.ts';
import { ShoalError } from '../errors.ts';
import type { TokenId } from '../units.ts';

export class TextTooShortError extends ShoalError {
  readonly blame = 'usage';

  constructor(tokens: number) {
    super(`The text has ${tokens} tokens, of which none follows another; give a longer text`);
  }
}

export interface TextScore {
  /** Tokens whose probability counted: all but the first of the text, or all of it where a begin token stands before. */
  readonly tokens: number;
  readonly windows: number;
  /** Mean of −ln p(token | tokens before it). */
  readonly meanNegativeLogLikelihood: number;
  /** e to the mean. */
  readonly perplexity: number;
}

/** A stretch of a text that fits the context, [start, end), of which the tokens from `countFrom` count. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly countFrom: number;
}

/**
 * Windows over a text of `length` tokens, at most `size` each, so that every token from `first` on counts once. After the
 * first window each repeats the half before it uncounted, so that every counted token has at least half a window before
 * it. (Windows that do not overlap would be twice as fast, and would call the model worse than it is.)
 */
export function planWindows(length: number, size: number, first: number): Window[] {
  const windows: Window[] = [];
  const overlap = Math.floor(size / 2);
  for (let countFrom = first; countFrom < length; ) {
    const start = windows.length === 0 ? 0 : countFrom - overlap;
    const end = Math.min(length, start + size);
    windows.push({ start, end, countFrom });
    countFrom = end;
  }
  return windows;
}

/** Throws a TextTooShortError if `text` has no token whose probability counts; see scoreText. */
export function assertScorable(text: readonly TokenId[], bosId: TokenId | undefined): void {
  if (text.length < (bosId === undefined ? 2 : 1)) throw new TextTooShortError(text.length);
}

/**
 * `text` without a begin token; `bosId` stands before every window, where the model knows one. `onProgress` hears how
 * many tokens are scored.
 */
export async function scoreText(
  engine: Engine,
  text: readonly TokenId[],
  bosId: TokenId | undefined,
  onProgress: (tokens: number) => void = () => {},
): Promise<TextScore> {
  assertScorable(text, bosId);
  const begin = bosId === undefined ? [] : [bosId];
  const first = 1 - begin.length; // of the window's first token nothing is predicted
  // The last token of a window is only predicted, so one more than the context fits.
  const windows = planWindows(text.length, engine.status().seqLen + 1 - begin.length, first);
  let sum = 0;
  for (const { start, end, countFrom } of windows) {
    const logLikelihoods = await engine.score([...begin, ...text.slice(start, end)]);
    const counted = logLikelihoods.slice(countFrom - start - first);
    for (const logLikelihood of counted) sum -= logLikelihood;
    onProgress(end - first);
  }
  const tokens = text.length - first;
  const mean = sum / tokens;
  return { tokens, windows: windows.length, meanNegativeLogLikelihood: mean, perplexity: Math.exp(mean) };
}
