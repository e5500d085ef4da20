// Brings a thread's weights from the file into its memory, packed for the kernels. Knows the file's directory and the
// memory map; reads no more than a staging area at a time.

import type { ByteSource } from '../../model/byte-source.ts';
import type { TensorDirectory, TensorEntry } from '../../model/tensors.ts';
import { type Op, type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import { type Bytes, type Range, rangeLength } from '../../units.ts';
import type { Kernels } from './kernels.ts';
import { fileRowBytes, type MemoryMap, packedGroupBytes, STAGING_BYTES } from './memory-map.ts';
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

/** The weights whose rows a thread owns, with those rows: [first, end) of the tensor. */
export function ownWeights(program: Program, shares: Shares, thread: number): Map<Weight, Range> {
  const own = new Map<Weight, Range>();
  const add = (weight: Weight, rows: Range) => own.set(weight, rows);
  for (const op of program.segments.flatMap((segment): readonly Op[] => segment.ops)) {
    if (op.op === 'matmul') add(op.weight, ownRows(op, shares, thread));
    else if (op.op === 'embedding') add(op.table, shares.vocabulary(op.table.rows, thread));
    else if (op.op === 'rms-norm') add(op.gain, op.gain.rows); // every thread's
  }
  return own;
}

/** Bytes of all weights of `program`: what progress counts towards. */
export function bytesToLoad(program: Program): Bytes {
  return programWeights(program).reduce(
    (total, { type, rows, columns }) => total + rangeLength(rows) * fileRowBytes(type, rangeLength(columns)),
    0,
  );
}

export async function loadWeights(job: LoadJob): Promise<void> {
  const packed = new Set(
    job.program.segments.flatMap((segment) => segment.ops.flatMap((op) => (op.op === 'matmul' ? [op.weight] : []))),
  );
  for (const [weight, rows] of ownWeights(job.program, job.shares, job.thread)) {
    const entry = job.tensors.get(weight.tensor) as TensorEntry;
    const to = job.map.weights.get(weightKey(weight)) as number;
    await loadRows(job, entry, weight, rows, to, packed.has(weight));
  }
}

/** Reads whole rows, as many as the staging area takes, and packs the weight's columns of them. */
async function loadRows(
  job: LoadJob,
  entry: TensorEntry,
  weight: Weight,
  rows: Range,
  to: number,
  pack: boolean,
): Promise<void> {
  const { map, kernels, memory } = job;
  const columns = rangeLength(weight.columns);
  const stride = fileRowBytes(entry.type, entry.columns);
  const firstByte = fileRowBytes(entry.type, weight.columns.start);
  const usedBytes = fileRowBytes(entry.type, columns);
  if (usedBytes === 0) return;
  const batch = Math.floor(STAGING_BYTES / stride / 8) * 8;
  if (batch === 0) return loadWideRows(job, entry, weight, rows, to, pack);
  for (let first = rows.start; first < rows.end; first += batch) {
    const count = Math.min(batch, rows.end - first);
    const staged = memory.subarray(map.staging, map.staging + count * stride);
    await job.source.readInto(entry.offset + first * stride, staged);
    if (pack) {
      memory.fill(
        0,
        map.staging + count * stride,
        map.staging + Math.min(Math.ceil(count / 8) * 8 * stride, STAGING_BYTES),
      );
      const groupBytes = packedGroupBytes(weight.type, columns);
      for (let row = 0; row < count; row += 8) {
        packRows(kernels, weight, map.staging + row * stride + firstByte, stride, columns, to);
        to += groupBytes;
      }
    } else {
      for (let row = 0; row < count; row++) {
        memory.copyWithin(
          to,
          map.staging + row * stride + firstByte,
          map.staging + row * stride + firstByte + usedBytes,
        );
        to += usedBytes;
      }
    }
    if (pack || job.thread === 0 || weight.rows.end > 1) job.onProgress(count * usedBytes);
  }
}

/** Rows so wide that eight do not fit the staging area: no model has them. */
async function loadWideRows(
  job: LoadJob,
  entry: TensorEntry,
  weight: Weight,
  rows: Range,
  to: number,
  pack: boolean,
): Promise<void> {
  const columns = rangeLength(weight.columns);
  if (pack) throw new RangeError(`Rows of ${columns} columns are wider than any that the cpu device can pack`);
  const stride = fileRowBytes(entry.type, entry.columns);
  const usedBytes = fileRowBytes(entry.type, columns);
  for (let row = rows.start; row < rows.end; row++) {
    const offset = entry.offset + row * stride + fileRowBytes(entry.type, weight.columns.start);
    await job.source.readInto(offset, job.memory.subarray(to, to + usedBytes));
    to += usedBytes;
    job.onProgress(usedBytes);
  }
}

function packRows(kernels: Kernels, weight: Weight, from: number, stride: number, columns: number, to: number): void {
  switch (weight.type) {
    case 'q40':
      return kernels.packQ40(from, stride, columns / 32, to);
    case 'q80':
      return kernels.packQ80(from, stride, columns / 32, to);
    case 'f16':
      return kernels.packF16(from, stride, columns, to);
    case 'f32':
      return kernels.packF32(from, stride, columns, to);
  }
}
