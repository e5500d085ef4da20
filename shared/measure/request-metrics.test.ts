import { describe, expect, test } from 'vitest';
import { requestMetrics } from './request-metrics.ts';

describe('requestMetrics', () => {
  // From the lab's reports: tok/s, TPOT ms, TTFT s, RCT s; 128 steps, of which 6 are the prompt.
  test.each([
    ['30B, 2 nodes', 0.39, 2424, 16.0, 309],
    ['30B, 4 nodes', 0.44, 2151, 16.1, 276],
    ['30B, 8 nodes', 0.18, 5369, 37.8, 687],
    ['13B, 2 nodes', 0.8, 1196, 7.7, 152],
    ['13B, 4 nodes', 0.83, 1145, 7.7, 146],
    ['13B, 8 nodes', 0.31, 3084, 20.9, 394],
  ])('has the definitions of the lab: %s', (_, tokensPerSecond, tpotMs, ttftS, rctS) => {
    const metrics = requestMetrics({
      requestedAt: 5000,
      firstTokenAt: 5000 + ttftS * 1000,
      finishedAt: 5000 + rctS * 1000,
      inputTokens: 6,
      outputTokens: 122,
    });
    expect(metrics).toMatchObject({ InputTokens: 6, OutputTokens: 122 });
    expect(metrics.TTFT_S).toBeCloseTo(ttftS, 9);
    expect(metrics.RCT_S).toBeCloseTo(rctS, 9);
    // The lab rounded RCT to seconds.
    expect(Math.abs(metrics.TokensPerSecond - tokensPerSecond)).toBeLessThan(0.0085);
    expect(Math.abs(metrics.TPOT_MS! - tpotMs)).toBeLessThan(6);
  });

  test('leaves open what fewer than two tokens do not tell', () => {
    const times = { requestedAt: 0, firstTokenAt: undefined, finishedAt: 0, inputTokens: 3, outputTokens: 0 };
    expect(requestMetrics(times)).toEqual({
      InputTokens: 3,
      OutputTokens: 0,
      TokensPerSecond: 0,
      TPOT_MS: undefined,
      TTFT_S: undefined,
      RCT_S: 0,
    });
    const one = requestMetrics({ ...times, firstTokenAt: 10, finishedAt: 20, outputTokens: 1 });
    expect([one.TTFT_S, one.TPOT_MS]).toEqual([0.01, undefined]);
  });
});
