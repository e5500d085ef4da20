// Which all-reduce is the fastest for a payload: measured once on the links there are, at two lengths, and taken to be a
// straight line between and beyond. Knows groups and clocks, no links.

import type { Bytes, Milliseconds } from '../units.ts';
import { ALGORITHMS, type Algorithm, allReduce } from './all-reduce.ts';
import type { Group } from './group.ts';
import type { VectorCodec } from './vector-codec.ts';

/** What an all-reduce takes: `baseMs` and `msPerValue` for each number of the vector, and never less than `leastMs`. */
export interface AlgorithmCost {
  readonly algorithm: Algorithm;
  readonly leastMs: Milliseconds;
  readonly baseMs: Milliseconds;
  readonly msPerValue: number;
}

/** One time for each of the algorithms that were to be timed. */
export type Timings = readonly Milliseconds[];

/** Lengths to measure at: a token's vector, and several tokens' if they are not too long to be sent often. */
export function measuredLengths(dim: number, maxTokens: number): [short: number, long: number] {
  return [dim, dim * Math.max(2, Math.min(maxTokens, 16))];
}

export interface Rounds {
  /** Before any is timed, all are run so often: code that ran once is slow, and whoever comes first would pay for all. */
  readonly warm: number;
  readonly timed: number;
}
export const SHORT_ROUNDS: Rounds = { warm: 3, timed: 9 };
export const LONG_ROUNDS: Rounds = { warm: 1, timed: 3 };
const FINAL_ROUNDS: Rounds = { warm: 10, timed: 41 };
/** Nobody waits longer than that for a better choice. */
const FINAL_MS: Milliseconds = 2000;

/** A median of a few rounds is off by that much: what it puts farther from the first is no match for it. */
const IN_THE_RUNNING = 1.5;

/**
 * Median times of some algorithms, at one length. All ranks must call it with the same arguments, at the same time. Each
 * runs several times in a row, as in a step: after another, ranks would still be out of time by what that left behind.
 */
export async function timeAlgorithms(
  group: Group,
  codec: VectorCodec,
  length: number,
  { algorithms, rounds: { warm, timed } }: { readonly algorithms: readonly Algorithm[]; readonly rounds: Rounds },
  now: () => Milliseconds,
): Promise<Timings> {
  const vector = new Float32Array(length);
  const run = async (algorithm: Algorithm, rounds: number): Promise<Milliseconds[]> => {
    const times: Milliseconds[] = [];
    while (times.length < rounds) {
      const begun = now();
      await allReduce(algorithm, group, vector, codec);
      times.push(now() - begun);
    }
    return times.sort((a, b) => a - b);
  };
  for (const algorithm of algorithms) await run(algorithm, warm);
  const timings: Milliseconds[] = [];
  for (const algorithm of algorithms) timings.push((await run(algorithm, timed))[timed >> 1]);
  return timings;
}

/** Of all ranks the slowest counts, since all wait for it. */
export const slowestOf = (ranks: readonly Timings[]): Timings =>
  ranks[0].map((_, i) => Math.max(...ranks.map((times) => times[i])));

/** Those of ALGORITHMS that may be the fastest, if they took so long, and with how many rounds to find out; if at all. */
export function finalists(short: Timings): { readonly algorithms: Algorithm[]; readonly rounds: Rounds } | undefined {
  const limit = Math.min(...short) * IN_THE_RUNNING;
  const algorithms = ALGORITHMS.filter((_, i) => short[i] <= limit);
  const timed = Math.min(FINAL_ROUNDS.timed, Math.floor(FINAL_MS / (limit * algorithms.length)) - FINAL_ROUNDS.warm);
  if (algorithms.length < 2 || timed <= SHORT_ROUNDS.timed) return undefined;
  return { algorithms, rounds: { ...FINAL_ROUNDS, timed } };
}

/** A line through the times at both lengths, for each of ALGORITHMS. */
export function fitCosts(
  lengths: readonly [short: number, long: number],
  short: Timings,
  long: Timings,
): AlgorithmCost[] {
  return ALGORITHMS.map((algorithm, i) => {
    const [atShort, atLong] = [short[i], long[i]];
    const msPerValue = Math.max(0, atLong - atShort) / (lengths[1] - lengths[0]);
    return { algorithm, leastMs: atShort, baseMs: atShort - msPerValue * lengths[0], msPerValue };
  });
}

/** What one of `costs` takes for `length` numbers. */
export const costOf = ({ leastMs, baseMs, msPerValue }: AlgorithmCost, length: number): Milliseconds =>
  Math.max(leastMs, baseMs + msPerValue * length);

/** The cheapest for `length` numbers; every rank that has the same costs chooses the same. */
export function cheapest(costs: readonly AlgorithmCost[], length: number): AlgorithmCost {
  return costs.reduce((best, cost) => (costOf(cost, length) < costOf(best, length) ? cost : best));
}

/** Before anything was measured: the fewest hops where messages are short. */
export const UNMEASURED: readonly AlgorithmCost[] = [
  { algorithm: 'recursive-doubling', leastMs: 0, baseMs: 0, msPerValue: 0 },
];

/** For people: what is used for how long a vector. */
export function describeChoice(
  costs: readonly AlgorithmCost[],
  dim: number,
  maxTokens: number,
  bytes: (count: number) => Bytes,
): string {
  const [one, many] = [cheapest(costs, dim), cheapest(costs, dim * maxTokens)];
  const kilobytes = (count: number): string => `${(bytes(count) / 1000).toFixed(1)} kB`;
  const single = `${one.algorithm} for a token (${kilobytes(dim)}, ${costOf(one, dim).toFixed(2)} ms)`;
  return one === many
    ? `All-reduce: ${single} and for prompts`
    : `All-reduce: ${single}, ${many.algorithm} for ${maxTokens} tokens (${kilobytes(dim * maxTokens)}, ${costOf(many, dim * maxTokens).toFixed(1)} ms)`;
}
