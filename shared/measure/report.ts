// What `inference` prints when it has ended, as text and as data. Pure: it is given figures and gives strings. The
// first block is distributed-llama's to the letter, because scripts read it.

import type { Bytes, Milliseconds } from '../units.ts';
import { labelled, percent, table } from './columns.ts';
import { networkLines } from './network-lines.ts';
import { type NetworkFigures, networkData } from './report-network.ts';
import type { Phase, RequestMetrics } from './request-metrics.ts';

export interface MemoryUse {
  /** `Root`, or `Worker` and its name. */
  readonly node: string;
  readonly bytes: Bytes;
}

/** Time spent in an op. Devices call it OpTiming; this room does not know devices. */
export interface OpTime {
  readonly op: string;
  readonly calls: number;
  readonly totalMs: Milliseconds;
}

export interface Profile {
  readonly timings: readonly OpTime[];
  /** The tokens that were computed in that time. */
  readonly tokens: number;
}

export interface InferenceFigures {
  /** The most tokens that a step may carry. */
  readonly batchTokens: number;
  readonly evaluation: Phase;
  readonly prediction: Phase;
  readonly metrics: RequestMetrics;
  readonly memory: readonly MemoryUse[];
  readonly profile?: Profile | undefined;
  /** Of runs on several nodes. */
  readonly network?: NetworkFigures | undefined;
}

/** The whole report, lines joined, without a line break at its end. */
export function formatReport(figures: InferenceFigures): string {
  return [
    'Evaluation',
    `   nBatches: ${figures.batchTokens}`,
    ...phaseLines(figures.evaluation),
    'Prediction',
    ...phaseLines(figures.prediction),
    'Metrics',
    ...metricLines(figures.metrics),
    ...(figures.memory.length > 0 ? ['Memory', ...memoryLines(figures.memory)] : []),
    ...(figures.profile ? ['Profile', ...profileLines(figures.profile)] : []),
    ...(figures.network ? networkLines(figures.network) : []),
  ].join('\n');
}

/** The same figures as an object for JSON, with rates beside the counts that they come from. */
export function reportData(figures: InferenceFigures) {
  const { batchTokens, evaluation, prediction, metrics, memory, profile, network } = figures;
  return {
    evaluation: { nBatches: batchTokens, ...phaseData(evaluation) },
    prediction: phaseData(prediction),
    metrics,
    memory: memory.map(({ node, bytes }) => ({ node, bytes })),
    ...(profile ? { profile: profileRows(profile) } : {}),
    ...(network ? { layout: network.layout, network: networkData(network) } : {}),
  };
}

const perSecond = ({ tokens, ms }: Phase): number => (ms > 0 ? (tokens / ms) * 1000 : 0);
const perToken = ({ tokens, ms }: Phase): Milliseconds => (tokens > 0 ? ms / tokens : 0);

const phaseData = (phase: Phase) => ({
  nTokens: phase.tokens,
  ms: phase.ms,
  tokensPerSecond: perSecond(phase),
  msPerToken: perToken(phase),
});

const phaseLines = (phase: Phase): string[] => [
  `    nTokens: ${phase.tokens}`,
  `   tokens/s: ${perSecond(phase).toFixed(2)} (${perToken(phase).toFixed(2)} ms/tok)`,
];

function metricLines(metrics: RequestMetrics): string[] {
  const { InputTokens, OutputTokens, TokensPerSecond, TPOT_MS, TTFT_S, RCT_S } = metrics;
  const fixed = (value: number | undefined): string => value?.toFixed(2) ?? '-';
  return labelled([
    ['InputTokens', String(InputTokens)],
    ['OutputTokens', String(OutputTokens)],
    ['TokensPerSecond', fixed(TokensPerSecond)],
    ['TPOT_MS', fixed(TPOT_MS)],
    ['TTFT_S', fixed(TTFT_S)],
    ['RCT_S', fixed(RCT_S)],
  ]);
}

const memoryLines = (memory: readonly MemoryUse[]): string[] =>
  labelled(memory.map(({ node, bytes }) => [node, `${(bytes / 1e6).toFixed(0)} MB`]));

export interface ProfileRow extends OpTime {
  readonly msPerToken: Milliseconds;
  /** Of the time of all ops, from 0 to 1. */
  readonly share: number;
}

/** Where the time went, most first. */
export function profileRows({ timings, tokens }: Profile): ProfileRow[] {
  const all = timings.reduce((sum, { totalMs }) => sum + totalMs, 0);
  return timings
    .map(({ op, calls, totalMs }) => ({
      op,
      calls,
      totalMs,
      msPerToken: perToken({ tokens, ms: totalMs }),
      share: all > 0 ? totalMs / all : 0,
    }))
    .sort((a, b) => b.totalMs - a.totalMs);
}

function profileLines(profile: Profile): string[] {
  const rows = profileRows(profile);
  const total = {
    op: 'all',
    calls: rows.reduce((sum, { calls }) => sum + calls, 0),
    totalMs: rows.reduce((sum, { totalMs }) => sum + totalMs, 0),
    msPerToken: rows.reduce((sum, { msPerToken }) => sum + msPerToken, 0),
    share: rows.reduce((sum, { share }) => sum + share, 0),
  };
  return table([
    ['op', 'calls', 'total ms', 'ms/token', 'share'],
    ...[...rows, total].map(({ op, calls, totalMs, msPerToken, share }) => [
      op,
      String(calls),
      totalMs.toFixed(1),
      msPerToken.toFixed(3),
      percent(share),
    ]),
  ]);
}
