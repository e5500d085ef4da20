// A distribution of durations or sizes in bounded memory, however many there were. It knows no units: what goes in
// comes out.
//
// Buckets grow by a fixed ratio, so that a percentile is off by a fixed share of itself at most, the idea of DDSketch
// (Masson, Rim, Lee: "DDSketch", VLDB 2019). Count, sum, minimum and maximum are exact.

import type { Range } from '../units.ts';

/** The largest relative error of a percentile. */
export const histogramError = 0.005;

const ratio = (1 + histogramError) / (1 - histogramError);
const logRatio = Math.log(ratio);
/** Outside these a value counts as the nearer of them, in percentiles only. They bound the buckets to 4,146. */
const smallest = 1e-6;
const largest = 1e12;

/** A histogram as data, to be sent or stored. */
export interface HistogramSnapshot {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Bucket numbers with their counts. */
  readonly buckets: readonly (readonly [number, number])[];
}

export class Histogram {
  private readonly buckets = new Map<number, number>();
  private total = 0;
  private added = 0;
  private least = Number.POSITIVE_INFINITY;
  private most = Number.NEGATIVE_INFINITY;

  static from(snapshot: HistogramSnapshot): Histogram {
    const histogram = new Histogram();
    histogram.merge(snapshot);
    return histogram;
  }

  get count(): number {
    return this.added;
  }

  get sum(): number {
    return this.total;
  }

  /** The following are 0 where nothing was added, so that a report can print them. */
  get mean(): number {
    return this.added > 0 ? this.total / this.added : 0;
  }

  get min(): number {
    return this.added > 0 ? this.least : 0;
  }

  get max(): number {
    return this.added > 0 ? this.most : 0;
  }

  /** Adds a value, which is not negative. */
  add(value: number): void {
    this.added++;
    this.total += value;
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
    this.countInto(bucketOf(value), 1);
  }

  /** Adds everything that `other` counted; the result does not depend on who counted what. */
  merge(other: Histogram | HistogramSnapshot): void {
    const { count, sum, min, max, buckets } = other instanceof Histogram ? other.snapshot() : other;
    if (count === 0) return;
    this.added += count;
    this.total += sum;
    this.least = Math.min(this.least, min);
    this.most = Math.max(this.most, max);
    for (const [bucket, more] of buckets) this.countInto(bucket, more);
  }

  /** The smallest value that `percent` of all are not above (nearest rank), within `histogramError`. */
  percentile(percent: number): number {
    if (this.added === 0) return 0;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.added));
    if (rank === this.added) return this.most;
    let passed = 0;
    for (const bucket of [...this.buckets.keys()].sort((a, b) => a - b)) {
      passed += this.buckets.get(bucket)!;
      if (passed >= rank) return Math.min(this.most, Math.max(this.least, middleOf(bucket)));
    }
    return this.most;
  }

  snapshot(): HistogramSnapshot {
    return { count: this.added, sum: this.total, min: this.min, max: this.max, buckets: [...this.buckets] };
  }

  private countInto(bucket: number, more: number): void {
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + more);
  }
}

/** Bucket i holds the values from ratio^(i − 1), not included, to ratio^i. */
const bucketOf = (value: number): number =>
  Math.ceil(Math.log(Math.min(largest, Math.max(smallest, value))) / logRatio);

/** The numbers that buckets may have. */
export const bucketRange: Range = { start: bucketOf(smallest), end: bucketOf(largest) + 1 };

/** The value from which both ends of a bucket are equally far, relatively. */
const middleOf = (bucket: number): number => (2 * ratio ** bucket) / (ratio + 1);
