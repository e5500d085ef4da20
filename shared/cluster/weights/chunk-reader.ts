// How a root gathers a chunk from the model's file: by ranged reads, in little memory. Knows rectangles of tensors.

import type { WeightFile } from '../../device/device.ts';
import { MissingTensorError } from '../../model/model-errors.ts';
import { bytesOf } from '../../model/quant.ts';
import type { TensorEntry } from '../../model/tensors.ts';
import type { Weight } from '../../program/program.ts';
import { type Bytes, rangeLength } from '../../units.ts';
import type { Chunk } from './chunks.ts';

/** What is read at once of rows of which only some columns are kept. */
export const SCRATCH_BYTES: Bytes = 4 * 2 ** 20;

/** Gathers chunks from a model's file. One read at a time: they share the memory for rows that are kept in part. */
export class ChunkReader {
  private readonly file: WeightFile;
  private scratch: Uint8Array | undefined;

  constructor(file: WeightFile) {
    this.file = file;
  }

  /** Fills `target`, which has the chunk's size. */
  async read({ rectangle, size }: Pick<Chunk, 'rectangle' | 'size'>, target: Uint8Array): Promise<void> {
    if (target.length !== size) throw new RangeError(`a chunk of ${size} bytes does not fill ${target.length}`);
    const { source } = this.file;
    const { type, rows, columns } = rectangle;
    const entry = this.entryOf(rectangle);
    const stride = bytesOf(type, entry.columns);
    const kept = bytesOf(type, rangeLength(columns));
    const start = entry.offset + rows.start * stride + bytesOf(type, columns.start);
    if (kept === stride) return source.readInto(start, target); // whole rows lie as they are packed
    const batch = Math.max(1, Math.floor(SCRATCH_BYTES / stride));
    for (let row = 0; row < rangeLength(rows); row += batch) {
      const from = start + row * stride;
      const count = Math.min(batch, rangeLength(rows) - row);
      if (count === 1) {
        await source.readInto(from, target.subarray(row * kept, (row + 1) * kept));
        continue;
      }
      // From the first kept column to the last: one read costs less than one a row, though most of it may be left over.
      this.scratch ??= new Uint8Array(SCRATCH_BYTES);
      const read = this.scratch.subarray(0, (count - 1) * stride + kept);
      await source.readInto(from, read);
      for (let i = 0; i < count; i++) target.set(read.subarray(i * stride, i * stride + kept), (row + i) * kept);
    }
  }

  private entryOf({ tensor, type, rows, columns }: Weight): TensorEntry {
    const { source, tensors } = this.file;
    const entry = tensors.get(tensor);
    if (!entry) throw new MissingTensorError(source.name, tensor);
    if (entry.type !== type || rows.end > entry.rows || columns.end > entry.columns) {
      // Or the next tensor's bytes would be taken for this one's.
      throw new RangeError(`${tensor} is ${entry.type} [${entry.rows}, ${entry.columns}], not as the program reads it`);
    }
    return entry;
  }
}
