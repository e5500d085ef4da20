// Turns a row of logits into the little that sampling needs, and joins what ranks or threads found over their own
// vocabulary rows. Exact: nothing here approximates. It knows no probabilities beyond the log-sum-exp.

import type { Range, TokenId } from '../units.ts';
import type { Candidates, LogitsRequest, Step } from './device.ts';

/**
 * Answers `request` from the logits of the vocabulary rows that start at `vocabularyStart`. A logit that is NaN counts
 * as −Infinity in the order, and makes the log-sum-exp NaN, so that a broken model shows.
 */
export function selectCandidates(logits: Float32Array, vocabularyStart: TokenId, request: LogitsRequest): Candidates {
  const ranges = rangesWithout(request.apart, vocabularyStart, logits.length);
  const heap = new WorstFirstHeap(Math.min(request.topK, logits.length));
  for (const { start, end } of ranges) {
    for (let row = start; row < end; row++) heap.offer(vocabularyStart + row, logits[row]);
  }
  const { ids, logits: best } = heap.bestFirst();
  return {
    ids,
    logits: best,
    logSumExp: logSumExp(logits, ranges, best.length > 0 ? best[0] : -Infinity),
    apart: Float32Array.from(request.apart, (id) => logits[id - vocabularyStart] ?? Number.NaN),
    full: request.full ? logits.slice() : undefined,
  };
}

/** What a step wants, from what holders of disjoint parts of the vocabulary answered: `parts` in its order, a row a request. */
export function mergeAnswers(step: Step, parts: readonly (readonly Candidates[])[]): readonly Candidates[] {
  if (parts.length === 1) return parts[0];
  return step.runs
    .flatMap((run) => run.wanted)
    .map((request, row) =>
      mergeCandidates(
        parts.map((part) => part[row]),
        request,
      ),
    );
}

/**
 * The answer over all rows from the answers over disjoint parts of them, given in the vocabulary's order. Each part
 * must have been asked the same `request`.
 */
export function mergeCandidates(parts: readonly Candidates[], request: LogitsRequest): Candidates {
  let best: SortedLogits = parts[0];
  for (let i = 1; i < parts.length; i++) best = mergeSorted(best, parts[i], request.topK);
  return {
    ids: best.ids,
    logits: best.logits,
    logSumExp: mergedLogSumExp(parts),
    apart: Float32Array.from(request.apart, (_, i) => parts.map((part) => part.apart[i]).find(isNumber) ?? Number.NaN),
    full: request.full ? concatenate(parts.map((part) => part.full ?? new Float32Array())) : undefined,
  };
}

type SortedLogits = Pick<Candidates, 'ids' | 'logits'>;

/** The `topK` best of two sorted lists. Of equal logits that of `a` comes first, since its ids are the lower ones. */
function mergeSorted(a: SortedLogits, b: SortedLogits, topK: number): SortedLogits {
  const count = Math.min(topK, a.ids.length + b.ids.length);
  const ids = new Int32Array(count);
  const logits = new Float32Array(count);
  let nextA = 0;
  let nextB = 0;
  for (let i = 0; i < count; i++) {
    if (nextB === b.ids.length || (nextA < a.ids.length && a.logits[nextA] >= b.logits[nextB])) {
      ids[i] = a.ids[nextA];
      logits[i] = a.logits[nextA++];
    } else {
      ids[i] = b.ids[nextB];
      logits[i] = b.logits[nextB++];
    }
  }
  return { ids, logits };
}

function mergedLogSumExp(parts: readonly Candidates[]): number {
  let largest = -Infinity;
  for (const { logSumExp } of parts) largest = Math.max(largest, logSumExp);
  if (largest === -Infinity) return largest;
  let sum = 0;
  for (const { logSumExp } of parts) sum += Math.exp(logSumExp - largest);
  return largest + Math.log(sum);
}

/** Rows of a part of the vocabulary that are not `apart`, as few ranges, so that the loops over them test nothing. */
function rangesWithout(apart: readonly TokenId[], vocabularyStart: TokenId, rows: number): Range[] {
  const ranges: Range[] = [];
  let start = 0;
  for (const row of apart.map((id) => id - vocabularyStart).sort((a, b) => a - b)) {
    if (row < start || row >= rows) continue; // another rank's, or named twice
    if (row > start) ranges.push({ start, end: row });
    start = row + 1;
  }
  if (start < rows) ranges.push({ start, end: rows });
  return ranges;
}

/** log Σ exp(value), with the largest value taken out first so that nothing overflows. */
function logSumExp(values: Float32Array, ranges: readonly Range[], largest: number): number {
  if (largest === -Infinity) return ranges.some((range) => anyNaN(values, range)) ? Number.NaN : -Infinity;
  let sum = 0;
  for (const { start, end } of ranges) for (let i = start; i < end; i++) sum += Math.exp(values[i] - largest);
  return largest + Math.log(sum);
}

function anyNaN(values: ArrayLike<number>, { start, end }: Range): boolean {
  for (let i = start; i < end; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

const isNumber = (value: number): boolean => !Number.isNaN(value);

function concatenate(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((length, row) => length + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    all.set(row, offset);
    offset += row.length;
  }
  return all;
}

/** Keeps the `capacity` best of what is offered; the worst of them is at the root, to be compared with and replaced. */
class WorstFirstHeap {
  private readonly capacity: number;
  private readonly ids: Int32Array;
  private readonly logits: Float32Array;
  private size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.ids = new Int32Array(capacity);
    this.logits = new Float32Array(capacity);
  }

  /** Ids must be offered in ascending order: of equal logits the earlier offer stays. */
  offer(id: TokenId, logit: number): void {
    if (this.size < this.capacity) {
      this.ids[this.size] = id;
      this.logits[this.size] = Number.isNaN(logit) ? -Infinity : logit;
      this.rise(this.size++);
    } else if (logit > this.logits[0]) {
      this.ids[0] = id;
      this.logits[0] = logit;
      this.sink(0);
    }
  }

  /** Empties the heap from the worst, filling the answer from its end. */
  bestFirst(): { ids: Int32Array; logits: Float32Array } {
    const ids = new Int32Array(this.size);
    const logits = new Float32Array(this.size);
    while (this.size > 0) {
      this.size--;
      ids[this.size] = this.ids[0];
      logits[this.size] = this.logits[0];
      this.swap(0, this.size);
      this.sink(0);
    }
    return { ids, logits };
  }

  private rise(node: number): void {
    while (node > 0) {
      const parent = (node - 1) >> 1;
      if (!this.worse(node, parent)) return;
      this.swap(node, parent);
      node = parent;
    }
  }

  private sink(node: number): void {
    for (;;) {
      let worst = node;
      for (let child = 2 * node + 1; child <= 2 * node + 2; child++) {
        if (child < this.size && this.worse(child, worst)) worst = child;
      }
      if (worst === node) return;
      this.swap(node, worst);
      node = worst;
    }
  }

  private worse(a: number, b: number): boolean {
    return this.logits[a] < this.logits[b] || (this.logits[a] === this.logits[b] && this.ids[a] > this.ids[b]);
  }

  private swap(a: number, b: number): void {
    const id = this.ids[a];
    const logit = this.logits[a];
    this.ids[a] = this.ids[b];
    this.logits[a] = this.logits[b];
    this.ids[b] = id;
    this.logits[b] = logit;
  }
}
