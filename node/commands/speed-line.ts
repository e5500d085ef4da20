// A generation's speed in a line for people.

import type { GenerationSummary } from '../../shared/engine/generation.ts';

export function speedLine({ metrics }: Pick<GenerationSummary, 'metrics'>, threads: number): string {
  const { OutputTokens: tokens, TokensPerSecond, TTFT_S } = metrics;
  const rate = TokensPerSecond.toLocaleString('en-US', { maximumFractionDigits: TokensPerSecond < 100 ? 1 : 0 });
  const first = TTFT_S === undefined ? '' : `, first token after ${durationText(TTFT_S)}`;
  return `${tokens} ${tokens === 1 ? 'token' : 'tokens'}, ${rate} tokens/s${first}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

const durationText = (seconds: number): string =>
  seconds < 1 ? `${Math.ceil(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
