// A histogram of durations as the few figures that people look at.

import type { Milliseconds } from '../units.ts';
import { Histogram, type HistogramSnapshot } from './histogram.ts';

export interface TimesData {
  readonly count: number;
  readonly totalMs: Milliseconds;
  readonly meanMs: Milliseconds;
  readonly minMs: Milliseconds;
  readonly p50Ms: Milliseconds;
  readonly p95Ms: Milliseconds;
  readonly p99Ms: Milliseconds;
  readonly maxMs: Milliseconds;
}

/** Of all the histograms together. */
export function timesData(histograms: readonly HistogramSnapshot[]): TimesData {
  const times = new Histogram();
  for (const histogram of histograms) times.merge(histogram);
  const { count, sum, mean, min, max } = times;
  const [p50Ms, p95Ms, p99Ms] = [50, 95, 99].map((percent) => times.percentile(percent)) as [number, number, number];
  return { count, totalMs: sum, meanMs: mean, minMs: min, p50Ms, p95Ms, p99Ms, maxMs: max };
}
