import { describe, expect, test } from 'vitest';
import { formatReport, type InferenceFigures, profileRows, reportData } from './report.ts';

const figures: InferenceFigures = {
  batchTokens: 32,
  evaluation: { tokens: 6, ms: 6 * 2278.38 },
  prediction: { tokens: 122, ms: 122 * 2421.65 },
  metrics: { InputTokens: 6, OutputTokens: 122, TokensPerSecond: 0.3947, TPOT_MS: 2424, TTFT_S: 16.02, RCT_S: 309.1 },
  memory: [
    { node: 'Root', bytes: 1_234_567_890 },
    { node: 'Worker pi-2', bytes: 900_000_000 },
  ],
};

describe('formatReport', () => {
  test("begins with distributed-llama's block to the letter", () => {
    expect(formatReport(figures)).toMatchInlineSnapshot(`
      "Evaluation
         nBatches: 32
          nTokens: 6
         tokens/s: 0.44 (2278.38 ms/tok)
      Prediction
          nTokens: 122
         tokens/s: 0.41 (2421.65 ms/tok)
      Metrics
             InputTokens: 6
            OutputTokens: 122
         TokensPerSecond: 0.39
                 TPOT_MS: 2424.00
                  TTFT_S: 16.02
                   RCT_S: 309.10
      Memory
                Root: 1235 MB
         Worker pi-2: 900 MB"
    `);
  });

  test('adds the profile where there is one', () => {
    const timings = [
      { op: 'rms-norm', calls: 45, totalMs: 10 },
      { op: 'matmul', calls: 155, totalMs: 90 },
    ];
    expect(
      formatReport({ ...figures, memory: [], profile: { timings, tokens: 10 } }).split('Profile')[1],
    ).toMatchInlineSnapshot(`
      "
         op        calls  total ms  ms/token    share
         matmul      155      90.0     9.000   90.0 %
         rms-norm     45      10.0     1.000   10.0 %
         all         200     100.0    10.000  100.0 %"
    `);
  });

  test('prints figures that are not there', () => {
    const none = { tokens: 0, ms: 0 };
    const metrics = { ...figures.metrics, TPOT_MS: undefined, TTFT_S: undefined };
    const report = formatReport({
      ...figures,
      evaluation: none,
      prediction: none,
      metrics,
      profile: { timings: [], tokens: 0 },
    });
    expect(report).toContain('tokens/s: 0.00 (0.00 ms/tok)');
    expect(report).toContain('TPOT_MS: -');
    expect(report).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('reportData', () => {
  test('has the same figures', () => {
    const data = reportData(figures);
    expect(data.evaluation).toMatchObject({ nBatches: 32, nTokens: 6, msPerToken: 2278.38 });
    expect(data.prediction.tokensPerSecond).toBeCloseTo(0.41, 2);
    expect(data.metrics).toBe(figures.metrics);
    expect(data.memory[0]).toEqual({ node: 'Root', bytes: 1_234_567_890 });
    expect(data).not.toHaveProperty('profile');
  });
});

describe('profileRows', () => {
  test('are sorted by time, with shares that sum to 1', () => {
    const rows = profileRows({
      timings: ['a', 'b', 'c'].map((op, i) => ({ op, calls: 1, totalMs: i + 1 })),
      tokens: 2,
    });
    expect(rows.map(({ op }) => op)).toEqual(['c', 'b', 'a']);
    expect(rows[0]).toEqual({ op: 'c', calls: 1, totalMs: 3, msPerToken: 1.5, share: 0.5 });
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});
