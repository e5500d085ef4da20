// An open model, whatever its format: header, directory, and the bytes behind it. Reads tensors on demand, keeps none.

import type { Range } from '../units.ts';
import type { ByteSource } from './byte-source.ts';
import type { ModelHeader } from './header.ts';
import { MissingTensorError } from './model-errors.ts';
import { bytesOf, dequantise } from './quant.ts';
import type { TensorDirectory, TensorEntry } from './tensors.ts';

export interface Model {
  readonly header: ModelHeader;
  readonly tensors: TensorDirectory;
  readonly source: ByteSource;
}

/** The directory's entry for a name. */
export function findTensor(model: Model, name: string): TensorEntry {
  const entry = model.tensors.get(name);
  if (entry === undefined) throw new MissingTensorError(model.source.name, name);
  return entry;
}

/** Some rows of a tensor as the file packs them. Rows are contiguous, so this is one read. */
export async function readRowBytes(model: Model, name: string, rows: Range): Promise<Uint8Array<ArrayBuffer>> {
  const entry = findTensor(model, name);
  if (rows.start < 0 || rows.end > entry.rows || rows.start > rows.end) {
    throw new RangeError(`${name} has ${entry.rows} rows, not rows ${rows.start} to ${rows.end}`);
  }
  const rowBytes = bytesOf(entry.type, entry.columns);
  const target = new Uint8Array((rows.end - rows.start) * rowBytes);
  await model.source.readInto(entry.offset + rows.start * rowBytes, target);
  return target;
}

/** Some rows of a tensor as numbers: [rows, columns]. */
export async function readRows(model: Model, name: string, rows: Range): Promise<Float32Array<ArrayBuffer>> {
  const { type, columns } = findTensor(model, name);
  const bytes = await readRowBytes(model, name, rows);
  const values = new Float32Array((rows.end - rows.start) * columns);
  dequantise(type, bytes, values);
  return values;
}

/** A whole tensor as numbers: [rows, columns]. */
export async function readTensor(model: Model, name: string): Promise<Float32Array<ArrayBuffer>> {
  return readRows(model, name, { start: 0, end: findTensor(model, name).rows });
}
