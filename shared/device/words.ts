// Steps and their answers as 32-bit words: how they lie in memory that threads share, and in frames between nodes.
// Readers take nothing for granted: whoever wrote the words may be a stranger.

import { ShoalError } from '../errors.ts';
import type { Candidates, LogitsRequest, Run, Step } from './device.ts';

/** Words end too early, or promise more than there is. */
export class MalformedWordsError extends ShoalError {
  readonly blame = 'runtime';

  constructor(what: string) {
    super(`What was sent as ${what} is none; use the same version of Shoal everywhere`);
  }
}

/** For the two words of a double. */
const DOUBLE = new Float64Array(1);
const HALVES = new Int32Array(DOUBLE.buffer);

/** Appends words to an array that grows beyond `expected` words if it must. */
class WordWriter {
  private ints: Int32Array<ArrayBuffer>;
  private floats: Float32Array<ArrayBuffer>;
  private length = 0;

  constructor(expected: number) {
    this.ints = new Int32Array(expected);
    this.floats = new Float32Array(this.ints.buffer);
  }

  get words(): Int32Array<ArrayBuffer> {
    return this.ints.subarray(0, this.length);
  }

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.ints.length) {
      const grown = new Int32Array(Math.max(this.length, this.ints.length * 2));
      grown.set(this.ints);
      this.ints = grown;
      this.floats = new Float32Array(grown.buffer);
    }
    return at;
  }

  int(value: number): void {
    const at = this.room(1);
    this.ints[at] = value;
  }

  double(value: number): void {
    const at = this.room(2);
    DOUBLE[0] = value;
    this.ints.set(HALVES, at);
  }

  intList(values: ArrayLike<number>): void {
    const at = this.room(values.length);
    this.ints.set(values, at);
  }

  floatList(values: Float32Array): void {
    const at = this.room(values.length);
    this.floats.set(values, at);
  }
}

/** Lists that it gives are views of the words that it was given. */
class WordReader {
  private readonly words: Int32Array<ArrayBuffer>;
  private readonly what: string;
  private next = 0;

  constructor(words: Int32Array<ArrayBuffer>, what: string) {
    this.words = words;
    this.what = what;
  }

  int(): number {
    return this.words[this.take(1)];
  }

  /** A number of things that take `wordsEach` each and must still be there. */
  count(wordsEach: number): number {
    const count = this.int();
    if (count < 0 || count * wordsEach > this.words.length - this.next) throw new MalformedWordsError(this.what);
    return count;
  }

  double(): number {
    const at = this.take(2);
    HALVES[0] = this.words[at];
    HALVES[1] = this.words[at + 1];
    return DOUBLE[0];
  }

  intList(count: number): Int32Array<ArrayBuffer> {
    const at = this.take(count);
    return this.words.subarray(at, at + count);
  }

  floatList(count: number): Float32Array<ArrayBuffer> {
    const at = this.take(count);
    return new Float32Array(this.words.buffer, this.words.byteOffset + at * 4, count);
  }

  end(): void {
    if (this.next !== this.words.length) throw new MalformedWordsError(this.what);
  }

  private take(count: number): number {
    const at = this.next;
    this.next += count;
    if (this.next > this.words.length) throw new MalformedWordsError(this.what);
    return at;
  }
}

/** [runs] and for each run [slot, position, tokens, wanted, …tokens] and for each wanted [topK, full, apart, …apart]. */
export function stepToWords(step: Step): Int32Array<ArrayBuffer> {
  const writer = new WordWriter(64);
  writer.int(step.runs.length);
  for (const { slot, position, tokens, wanted } of step.runs) {
    writer.intList([slot, position, tokens.length, wanted.length]);
    writer.intList(tokens);
    for (const { topK, full, apart } of wanted) {
      writer.intList([topK, full ? 1 : 0, apart.length]);
      writer.intList(apart);
    }
  }
  return writer.words;
}

/** Throws a MalformedWordsError. Whether the step can be run, `assertStep` tells. */
export function stepFromWords(words: Int32Array): Step {
  const reader = new WordReader(words.slice(), 'a step');
  const runs: Run[] = [];
  for (let left = reader.count(4); left > 0; left--) {
    const slot = reader.int();
    const position = reader.int();
    const tokenCount = reader.count(1);
    const wantedCount = reader.count(3);
    const tokens = Array.from(reader.intList(tokenCount));
    const wanted: LogitsRequest[] = [];
    while (wanted.length < wantedCount) {
      const topK = reader.int();
      const full = reader.int() === 1;
      wanted.push({ topK, full, apart: Array.from(reader.intList(reader.count(1))) });
    }
    runs.push({ slot, position, tokens, wanted });
  }
  reader.end();
  return { runs };
}

/** [rows] and for each row [ids, apart, full or −1, logSumExp (double), …ids, …logits, …apart, …full]. */
export function candidatesToWords(rows: readonly Candidates[]): Int32Array<ArrayBuffer> {
  const lengths = rows.map(({ ids, apart, full }) => 5 + 2 * ids.length + apart.length + (full?.length ?? 0));
  const writer = new WordWriter(lengths.reduce((sum, length) => sum + length, 1));
  writer.int(rows.length);
  for (const { ids, logits, logSumExp, apart, full } of rows) {
    writer.intList([ids.length, apart.length, full ? full.length : -1]);
    writer.double(logSumExp);
    writer.intList(ids);
    writer.floatList(logits);
    writer.floatList(apart);
    if (full) writer.floatList(full);
  }
  return writer.words;
}

/** Throws a MalformedWordsError. */
export function candidatesFromWords(words: Int32Array): Candidates[] {
  const reader = new WordReader(words.slice(), 'an answer to a step');
  const rows: Candidates[] = [];
  for (let left = reader.count(5); left > 0; left--) {
    const idCount = reader.count(2);
    const apartCount = reader.count(1);
    const fullCount = reader.int();
    const logSumExp = reader.double();
    rows.push({
      ids: reader.intList(idCount),
      logits: reader.floatList(idCount),
      logSumExp,
      apart: reader.floatList(apartCount),
      full: fullCount < 0 ? undefined : reader.floatList(fullCount),
    });
  }
  reader.end();
  return rows;
}
