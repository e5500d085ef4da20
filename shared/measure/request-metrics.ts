// The figures of one request, from the times of its events. Names and definitions are those of the lab's reports, so
// that numbers can be laid side by side. It knows no clock: times are milliseconds from any common origin.

import type { Milliseconds } from '../units.ts';

export interface RequestTimes {
  readonly requestedAt: Milliseconds;
  /** Undefined if the request ended without a token. */
  readonly firstTokenAt: Milliseconds | undefined;
  readonly finishedAt: Milliseconds;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Tokens that were computed in a part of a request, and how long that took. */
export interface Phase {
  readonly tokens: number;
  readonly ms: Milliseconds;
}

export interface RequestMetrics {
  readonly InputTokens: number;
  /** Generated tokens, the one that ended the answer included. */
  readonly OutputTokens: number;
  /** OutputTokens / RCT_S: what the asker got, waiting for the first token included. It is *not* 1 / TPOT. */
  readonly TokensPerSecond: number;
  /** Time per output token after the first, (RCT − TTFT) / (OutputTokens − 1); undefined with fewer than two. */
  readonly TPOT_MS: number | undefined;
  /** Time from the request to its first token; undefined without one. */
  readonly TTFT_S: number | undefined;
  /** Request completion time: from the request to its end. */
  readonly RCT_S: number;
}

/**
 * The lab's numbers settle which definitions it uses: 128 steps with 6 prompt tokens are 122 output tokens; on two
 * nodes it took 309 s and reports 0.39 tok/s, which is 122 / 309, while 1 / TPOT would be 0.41. And (309 − 16.0) s / 121
 * is the 2.42 s that it reports as TPOT. Its other five rows agree.
 */
export function requestMetrics(times: RequestTimes): RequestMetrics {
  const rctMs = times.finishedAt - times.requestedAt;
  const ttftMs = times.firstTokenAt === undefined ? undefined : times.firstTokenAt - times.requestedAt;
  return {
    InputTokens: times.inputTokens,
    OutputTokens: times.outputTokens,
    TokensPerSecond: rctMs > 0 ? times.outputTokens / (rctMs / 1000) : 0,
    TPOT_MS: ttftMs !== undefined && times.outputTokens > 1 ? (rctMs - ttftMs) / (times.outputTokens - 1) : undefined,
    TTFT_S: ttftMs === undefined ? undefined : ttftMs / 1000,
    RCT_S: rctMs / 1000,
  };
}
