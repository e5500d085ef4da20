// Answers requests for logits by the top-k kernels: what `selectCandidates` finds, much faster. Knows addresses, no
// buffers and no batches.

import { type Range, rangeLength } from '../../units.ts';
import type { Candidates, LogitsRequest } from '../device.ts';
import type { Kernels } from './kernels.ts';
import type { MemoryMap } from './memory-map.ts';

const NONE = new Float32Array();
/** 64 answers of usual length. */
const SPARE_WORDS = 2 ** 14;

export class LogitsSelector {
  private readonly kernels: Kernels;
  private readonly floats: Float32Array;
  private readonly ints: Int32Array;
  private readonly answer: number;
  private readonly scratch: number;
  private spare = new Int32Array();

  /** `memory` must not grow any more. */
  constructor(kernels: Kernels, memory: ArrayBuffer, { topK, topKScratch }: Pick<MemoryMap, 'topK' | 'topKScratch'>) {
    this.kernels = kernels;
    this.floats = new Float32Array(memory);
    this.ints = new Int32Array(memory);
    this.answer = topK;
    this.scratch = topKScratch;
  }

  /**
   * Answers from the logits at the address `at`, those of these tokens. Afterwards they are changed: what is wanted of a
   * row has to be asked at once.
   */
  select(at: number, vocabulary: Range, { topK, apart, full }: LogitsRequest): Candidates {
    const { kernels, floats } = this;
    const rows = rangeLength(vocabulary);
    const start = at / 4;
    const place = (id: number): number => start + id - vocabulary.start;
    const holds = (id: number): boolean => id >= vocabulary.start && id < vocabulary.end;
    const whole = full ? floats.slice(start, start + rows) : undefined;
    const apartLogits = apart.length > 0 ? new Float32Array(apart.length) : NONE;
    for (let i = 0; i < apart.length; i++) apartLogits[i] = holds(apart[i]) ? floats[place(apart[i])] : Number.NaN;
    // What is apart may be NaN without breaking the rest, and the same id may be named twice.
    for (const id of apart) if (holds(id)) floats[place(id)] = 0;
    const isBroken = kernels.prepareLogits(at, rows) > 0;
    let left = rows;
    for (const id of apart) {
      if (!holds(id) || Number.isNaN(floats[place(id)])) continue;
      floats[place(id)] = Number.NaN;
      left--;
    }
    const k = Math.min(topK, left);
    const out = this.answer / 4;
    if (k > 0) kernels.topK(at, rows, k, vocabulary.start, this.answer, this.scratch);
    const words = this.room(2 * k);
    words.set(this.ints.subarray(out, out + 2 * k));
    const logits = new Float32Array(words.buffer, words.byteOffset + 4 * k, k);
    return {
      ids: words.subarray(0, k),
      logits,
      logSumExp: isBroken ? Number.NaN : k > 0 ? this.logSumExp(at, rows, logits[0]) : -Infinity,
      apart: apartLogits,
      full: whole,
    };
  }

  /** A part of an array: so small an answer costs more to allocate than to find and to copy. */
  private room(words: number): Int32Array {
    if (this.spare.length < words) this.spare = new Int32Array(Math.max(words, SPARE_WORDS));
    const taken = this.spare.subarray(0, words);
    this.spare = this.spare.subarray(words);
    return taken;
  }

  private logSumExp(at: number, rows: number, largest: number): number {
    if (largest === -Infinity) return -Infinity;
    return largest + Math.log(this.kernels.sumOfExponentials(at, rows, largest));
  }
}
