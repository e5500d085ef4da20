// Where everything lies in a thread's WASM memory. Pure: sizes in, addresses out; so a device can tell before it
// allocates anything whether a model fits, and into how many threads it must be cut.

import { ShoalError } from '../../errors.ts';
import { type Op, type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import type { Bytes } from '../../units.ts';
import { rangeLength } from '../../units.ts';
import { MAX_MEMORY_BYTES, matmulScratchBytes, topKScratchBytes } from './kernels.ts';
import { ownRows, planShares, planThread, type Shares, type ThreadPlan } from './thread-plan.ts';

/** A thread's part of the model does not fit a 32-bit memory. */
export class ThreadMemoryError extends ShoalError {
  readonly blame = 'runtime';

  /** `threads`: how many would do, undefined if none would. */
  constructor(needed: Bytes, threads: number | undefined) {
    const more = threads === undefined ? '' : `--nthreads ${threads} or more, or `;
    super(`A thread would need ${gigabytes(needed)} but can have 4 GB; use ${more}a shorter --max-seq-len`);
  }
}

/** The machine does not give a thread the memory that it needs. */
export class NoMemoryError extends ShoalError {
  readonly blame = 'runtime';

  constructor(needed: Bytes, cause: unknown) {
    super(
      `A thread needs ${gigabytes(needed)} of memory, which the system refuses; use a shorter --max-seq-len or a smaller model`,
      { cause },
    );
  }
}

/** Rounded up: what is too much must not read as if it were just enough. */
const gigabytes = (bytes: Bytes): string => `${(Math.ceil((bytes / 2 ** 30) * 10) / 10).toFixed(1)} GB`;

/** Where a buffer lies: its address, and bytes from one row to the next. */
export interface Place {
  readonly at: number;
  readonly stride: Bytes;
}

export interface MemoryMap {
  /** Packed weights, by weightKey. */
  readonly weights: ReadonlyMap<string, number>;
  /** Buffers as whole rows. */
  readonly rows: ReadonlyMap<string, Place>;
  /** Buffers as the thread's columns, padded to the kernels' eight rows. */
  readonly columns: ReadonlyMap<string, Place>;
  /** Keys and values: [slots, layers, 2, positions / 16, own kvHeads, 16 · headDim] f16. */
  readonly cache: number;
  readonly cacheHeadBytes: Bytes;
  readonly cacheHeads: number;
  /** Rotary tables: per token headDim cosines and headDim sines. */
  readonly rope: number;
  readonly ropeBytes: Bytes;
  readonly matmulScratch: number;
  readonly scores: number;
  /** The largest logits of a row as top-k leaves them: places and values, 4 bytes each; and what it needs meanwhile. */
  readonly topK: number;
  readonly topKScratch: number;
  /** Rows of a file on their way to be packed: where the cache will be. */
  readonly staging: number;
  readonly size: Bytes;
}

/** Where a buffer lies as whole rows; the plan that the map was made for has to need it so. */
export const rowsOf = (map: MemoryMap, buffer: string): Place => map.rows.get(buffer) as Place;
/** Likewise, as the thread's columns. */
export const columnsOf = (map: MemoryMap, buffer: string): Place => map.columns.get(buffer) as Place;

/** More than any machine is asked for. */
const MAX_THREADS = 256;

export const STAGING_BYTES = 2 ** 20;
export const F16_BYTES: Bytes = 2;
/** Positions whose keys and values lie together. */
export const GROUP_POSITIONS = 16;

const align = (value: number): number => Math.ceil(value / 64) * 64;
export const roundUp8 = (value: number): number => Math.ceil(value / 8) * 8;

/** Bytes of a row of `width` activations. A q80 row is integers, scales and starts; see shaders/simd/quantise. */
export const rowBytes = (width: number, type: 'f32' | 'q80'): Bytes => (type === 'f32' ? width * 4 : width + width / 4);

/** Bytes of eight packed rows. */
export function packedGroupBytes(type: Weight['type'], columns: number): Bytes {
  if (type === 'f32') return columns * 32;
  if (type === 'f16') return columns * 16;
  return (columns / 32) * (type === 'q40' ? 144 : 272);
}

interface MapOptions {
  readonly thread: number;
  readonly slots: number;
  readonly maxTokens: number;
  /** First free address: below lies the kernels' own data. */
  readonly base: number;
}

/** Throws a ThreadMemoryError if the thread's part does not fit. */
export function mapMemory(
  program: Program,
  shares: Shares,
  plans: readonly ThreadPlan[],
  options: MapOptions,
): MemoryMap {
  const map = layOut(program, shares, plans, options);
  if (map.size > MAX_MEMORY_BYTES) {
    throw new ThreadMemoryError(map.size, fittingThreads(program, shares.threads, options));
  }
  return map;
}

/** The fewest threads, more than `threads`, of which each has room. A sum would not tell: some heads' caches are double. */
function fittingThreads(program: Program, threads: number, options: MapOptions): number | undefined {
  // Which buffers there are is the same for any number of threads but one.
  const plans = program.segments.flatMap((segment) =>
    [false, true].map((manyTokens) => planThread(program, segment, threads + 1, manyTokens)),
  );
  const fits = (count: number): boolean => {
    const shares = planShares(program, count);
    for (let thread = 0; thread < count; thread++) {
      if (layOut(program, shares, plans, { ...options, thread }).size > MAX_MEMORY_BYTES) return false;
    }
    return true;
  };
  if (!fits(MAX_THREADS)) return undefined;
  let more = threads + 1;
  while (!fits(more)) more++;
  return more;
}

function layOut(program: Program, shares: Shares, plans: readonly ThreadPlan[], options: MapOptions): MemoryMap {
  const { thread, maxTokens } = options;
  let next = align(options.base);
  const take = (bytes: Bytes): number => {
    const at = next;
    next = align(at + bytes + 16); // 16 more: kernels finish a vector that they began
    return at;
  };
  const ops = program.segments.flatMap((segment) => segment.ops);
  const weights = new Map<string, number>();
  const readers = weightReaders(ops);
  for (const weight of programWeights(program)) {
    weights.set(weightKey(weight), take(weightBytes(weight, readers.get(weight), shares, thread)));
  }
  const rows = new Map<string, Place>();
  const columns = new Map<string, Place>();
  for (const [name, { width, type }] of Object.entries(program.buffers)) {
    const stride = rowBytes(width, type);
    if (plans.some((plan) => plan.columns.has(name))) {
      const columnStride = roundUp8(rangeLength(shares.columns(name, thread))) * 4;
      const at = take(columnStride * maxTokens);
      columns.set(name, { at, stride: columnStride });
      // Alone, a thread's columns are the whole row.
      if (shares.threads === 1 && columnStride === stride) {
        rows.set(name, { at, stride });
        continue;
      }
    }
    if (plans.some((plan) => plan.rows.has(name))) rows.set(name, { at: take(stride * maxTokens), stride });
  }
  const attention = ops.find((op) => op.op === 'attention');
  const { headDim, seqLen, layers } = program.cache;
  const own = attention ? shares.heads(attention, thread) : undefined;
  const cacheHeads = own ? rangeLength(own.kvHeads) : 0;
  const queryHeads = own ? rangeLength(own.heads) : 0;
  const positions = Math.ceil(seqLen / GROUP_POSITIONS) * GROUP_POSITIONS;
  const cacheHeadBytes = positions * headDim * F16_BYTES;
  const ropeBytes = maxTokens * ropeHeadDim(ops) * 8;
  const cacheBytes = options.slots * layers * cacheHeads * 2 * cacheHeadBytes;
  const scratch = take(matmulScratchBytes(maxTokens, widestInput(ops)));
  // Attention takes four queries of a head at once, or one of every head, and copies them before their scores.
  const scores = take(Math.max(4, queryHeads) * (headDim + positions) * 4);
  const logits = ownLogits(ops, shares, thread);
  const topK = take(8 * logits);
  const topKScratch = take(logits > 0 ? topKScratchBytes(logits) : 0);
  const rope = take(ropeBytes);
  const cache = take(Math.max(cacheBytes, STAGING_BYTES));
  return {
    weights,
    rows,
    columns,
    matmulScratch: scratch,
    scores,
    topK,
    topKScratch,
    ropeBytes,
    rope,
    staging: cache,
    cacheHeads,
    cacheHeadBytes,
    cache,
    size: next,
  };
}

/** The op that reads each weight, other than norms. */
function weightReaders(ops: readonly Op[]): Map<Weight, Op> {
  const readers = new Map<Weight, Op>();
  for (const op of ops) {
    if (op.op === 'embedding') readers.set(op.table, op);
    if (op.op === 'matmul') readers.set(op.weight, op);
  }
  return readers;
}

function weightBytes(weight: Weight, reader: Op | undefined, shares: Shares, thread: number): Bytes {
  const columns = rangeLength(weight.columns);
  if (reader?.op === 'embedding') return rangeLength(shares.vocabulary(weight.rows, thread)) * columns * 4;
  if (reader?.op !== 'matmul') return columns * 4;
  return (roundUp8(rangeLength(ownRows(reader, shares, thread))) / 8) * packedGroupBytes(weight.type, columns);
}

/** How many logits of a token the thread has. */
function ownLogits(ops: readonly Op[], shares: Shares, thread: number): number {
  return Math.max(0, ...ops.map((op) => (op.op === 'top-k' ? rangeLength(shares.columns(op.logits, thread)) : 0)));
}

function ropeHeadDim(ops: readonly Op[]): number {
  return Math.max(0, ...ops.map((op) => (op.op === 'rope' ? op.headDim : 0)));
}

function widestInput(ops: readonly Op[]): number {
  return Math.max(0, ...ops.map((op) => (op.op === 'matmul' ? rangeLength(op.weight.columns) : 0)));
}
