// Writes `.m` model files tensor by tensor, and converts models between weight types. Holds a chunk at a time, never a
// tensor: a 30-billion model passes through a few megabytes.

import type { ByteSink } from './byte-sink.ts';
import type { FloatType, ModelHeader } from './header.ts';
import { pairsBytes } from './header-pairs.ts';
import { M_MAGIC, pairsFromHeader } from './m-header.ts';
import { findTensor, type Model } from './model.ts';
import { TensorDataError, UnquantisableError } from './model-errors.ts';
import { BLOCK_VALUES, bytesOf, dequantise, quantise } from './quant.ts';
import { tensorBytes, tensorList } from './tensor-list.ts';
import type { TensorEntry, TensorShape } from './tensors.ts';

/** Floats are packed as the tensor's type wants, so each piece is whole blocks; bytes are taken as packed already. */
export type TensorPiece = Float32Array | Uint8Array;
export type TensorPieces = Iterable<TensorPiece> | AsyncIterable<TensorPiece>;

/** Values a chunk: 1 MiB as f32. Whole blocks in every type. */
const CHUNK_VALUES = 8192 * BLOCK_VALUES;

/** Writes a model: asks `piecesOf` for each tensor in file order. `onTensor` hears of each before it begins. */
export async function writeModel(
  header: ModelHeader,
  piecesOf: (shape: TensorShape) => TensorPieces,
  sink: ByteSink,
  onTensor: (shape: TensorShape) => void = () => {},
): Promise<void> {
  await sink.write(pairsBytes(M_MAGIC, pairsFromHeader(header)));
  for (const shape of tensorList(header)) {
    onTensor(shape);
    await writeTensor(shape, piecesOf(shape), sink);
  }
}

async function writeTensor(shape: TensorShape, pieces: TensorPieces, sink: ByteSink): Promise<void> {
  const expected = tensorBytes(shape);
  let written = 0;
  for await (const piece of pieces) {
    const bytes = piece instanceof Float32Array ? pack(shape, piece) : piece;
    written += bytes.length;
    if (written > expected) throw new TensorDataError(shape.name, `more than its ${expected} bytes were supplied`);
    await sink.write(bytes);
  }
  if (written < expected) throw new TensorDataError(shape.name, `${written} of its ${expected} bytes were supplied`);
}

function pack({ name, type }: TensorShape, values: Float32Array): Uint8Array {
  if (values.length % BLOCK_VALUES !== 0 && (type === 'q40' || type === 'q80')) {
    throw new TensorDataError(name, `a piece of ${values.length} values is not whole ${type} blocks`);
  }
  const bytes = new Uint8Array(bytesOf(type, values.length));
  try {
    quantise(type, values, bytes);
  } catch (error) {
    if (error instanceof UnquantisableError) throw error.inTensor(name);
    throw error;
  }
  return bytes;
}

/** Writes `model` as `.m` with another weight type. Reading is exact; packing into fewer bits is not. */
export async function convertModel(
  model: Model,
  weightType: FloatType,
  sink: ByteSink,
  onTensor?: (shape: TensorShape) => void,
): Promise<void> {
  const header = { ...model.header, weightType };
  await writeModel(header, (shape) => tensorPieces(model, findTensor(model, shape.name), shape.type), sink, onTensor);
}

/** A tensor's data in chunks: as packed where the type stays, else as numbers. */
async function* tensorPieces(model: Model, entry: TensorEntry, type: FloatType): AsyncGenerator<TensorPiece> {
  const count = entry.rows * entry.columns;
  for (let start = 0; start < count; start += CHUNK_VALUES) {
    const length = Math.min(CHUNK_VALUES, count - start);
    const bytes = new Uint8Array(bytesOf(entry.type, length));
    await model.source.readInto(entry.offset + bytesOf(entry.type, start), bytes);
    if (entry.type === type) {
      yield bytes;
    } else {
      const values = new Float32Array(length);
      dequantise(entry.type, bytes, values);
      yield values;
    }
  }
}
