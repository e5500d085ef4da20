// Brings a thread's weights from the file into its memory, packed for the kernels. Knows the file's directory and the
// memory map; reads no more than a staging area at a time.

import { ShoalError } from '../../errors.ts';
import type { ByteSource } from '../../model/byte-source.ts';
import { bytesOf } from '../../model/quant.ts';
import type { TensorDirectory, TensorEntry } from '../../model/tensors.ts';
import { type Op, type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import { type Bytes, type Range, rangeLength } from '../../units.ts';
import type { Kernels } from './kernels.ts';
import { type MemoryMap, packedGroupBytes, STAGING_BYTES } from './memory-map.ts';
import { ownRows, type Shares } from './thread-plan.ts';

export interface LoadJob {
  readonly program: Program;
  readonly shares: Shares;
  readonly thread: number;
  readonly map: MemoryMap;
  readonly tensors: TensorDirectory;
  readonly source: ByteSource;
  readonly kernels: Kernels;
  readonly memory: Uint8Array;
  readonly onProgress: (bytes: Bytes) => void;
}

/** Rows [start, end) of a tensor that a thread keeps: packed for matmuls, or as they come. */
interface OwnWeight {
  readonly weight: Weight;
  readonly rows: Range;
  readonly form: 'packed' | 'table' | 'norm';
}

/** A row is wider than what a thread can stage; no real model has such. */
export class RowTooWideError extends ShoalError {
  readonly blame = 'file';

  constructor(tensor: string, columns: number) {
    super(
      `Cannot load ${tensor}: its rows have ${columns} columns, more than the cpu device can take; use a real model`,
    );
  }
}

function ownWeights(program: Program, shares: Shares, thread: number): OwnWeight[] {
  return program.segments
    .flatMap((segment): readonly Op[] => segment.ops)
    .flatMap((op): OwnWeight[] => {
      if (op.op === 'matmul') return [{ weight: op.weight, rows: ownRows(op, shares, thread), form: 'packed' }];
      if (op.op === 'rms-norm') return [{ weight: op.gain, rows: op.gain.rows, form: 'norm' }];
      if (op.op !== 'embedding') return [];
      return [{ weight: op.table, rows: shares.vocabulary(op.table.rows, thread), form: 'table' }];
    });
}

/** Bytes of all weights of `program`: what progress counts towards. */
export function bytesToLoad(program: Program): Bytes {
  return programWeights(program).reduce(
    (total, { type, rows, columns }) => total + rangeLength(rows) * bytesOf(type, rangeLength(columns)),
    0,
  );
}

export async function loadWeights(job: LoadJob): Promise<void> {
  for (const own of ownWeights(job.program, job.shares, job.thread)) {
    if (rangeLength(own.weight.columns) === 0) continue;
    const entry = job.tensors.get(own.weight.tensor) as TensorEntry;
    const bytes = await loadRows(job, own, entry);
    // Every thread has the norms; they count once.
    if (own.form !== 'norm' || job.thread === 0) job.onProgress(bytes);
  }
  // The cache begins empty: kernels multiply what lies behind the last position by zero, which a stray NaN would survive.
  job.memory.fill(0, job.map.staging, job.map.staging + STAGING_BYTES);
}

/** Reads whole rows, as many as the staging area takes, and keeps the weight's columns of them. */
async function loadRows(job: LoadJob, { weight, rows, form }: OwnWeight, entry: TensorEntry): Promise<Bytes> {
  const { map, kernels, memory } = job;
  const columns = rangeLength(weight.columns);
  const stride = bytesOf(entry.type, entry.columns);
  const firstByte = map.staging + bytesOf(entry.type, weight.columns.start);
  const keptBytes = bytesOf(entry.type, columns);
  const batch = Math.floor(STAGING_BYTES / stride / 8) * 8;
  if (batch === 0) throw new RowTooWideError(weight.tensor, entry.columns);
  let to = map.weights.get(weightKey(weight)) as number;
  for (let first = rows.start; first < rows.end; first += batch) {
    const count = Math.min(batch, rows.end - first);
    const staged = memory.subarray(map.staging, map.staging + count * stride);
    await job.source.readInto(entry.offset + first * stride, staged);
    if (form === 'packed') {
      // The last group may have fewer than eight rows; what is packed for the others is multiplied, and never read.
      for (let row = 0; row < count; row += 8) {
        packRows(kernels, weight.type, firstByte + row * stride, stride, columns, to);
        to += packedGroupBytes(weight.type, columns);
      }
    } else {
      for (let row = 0; row < count; row++) {
        const from = firstByte + row * stride;
        memory.copyWithin(to, from, from + keptBytes);
        to += keptBytes;
      }
    }
  }
  return rangeLength(rows) * keptBytes;
}

function packRows(
  kernels: Kernels,
  type: Weight['type'],
  from: number,
  stride: number,
  columns: number,
  to: number,
): void {
  const blocks = columns / 32;
  if (type === 'q40') kernels.packQ40(from, stride, blocks, to);
  else if (type === 'q80') kernels.packQ80(from, stride, blocks, to);
  else if (type === 'f16') kernels.packF16(from, stride, columns, to);
  else kernels.packF32(from, stride, columns, to);
}
