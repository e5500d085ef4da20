// The packed bytes of a program in chunks, the units that are hashed, sent and stored. Pure: root and worker cut alike.

import { blockValues, bytesOf } from '../../model/quant.ts';
import type { Weight } from '../../program/program.ts';
import { type Bytes, type Range, rangeLength } from '../../units.ts';
import { type PackedProgram, rectangleBytes } from './pack.ts';

export const CHUNK_BYTES: Bytes = 4 * 2 ** 20;

/** Bytes [offset, offset + size) of the packed ones: the rows of a rectangle of the model. */
export interface Chunk {
  readonly rectangle: Weight;
  readonly offset: Bytes;
  readonly size: Bytes;
}

/** All chunks, in the order of the packed bytes. None is larger than `limit`, none empty, none of two pieces. */
export function cutChunks({ pieces }: Pick<PackedProgram, 'pieces'>, limit: Bytes = CHUNK_BYTES): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { rectangle, entry } of pieces) {
    let offset = entry.offset;
    for (const part of cutRectangle(rectangle, limit)) {
      const size = rectangleBytes(part);
      chunks.push({ rectangle: part, offset, size });
      offset += size;
    }
  }
  return chunks;
}

/** Runs of whole rows; or, where a row alone is larger than `limit`, runs of its columns. */
function* cutRectangle(rectangle: Weight, limit: Bytes): Generator<Weight> {
  const { type, rows, columns } = rectangle;
  const rowBytes = bytesOf(type, rangeLength(columns));
  if (rowBytes === 0) return;
  if (rowBytes <= limit) {
    for (const run of runs(rows, Math.floor(limit / rowBytes))) yield { ...rectangle, rows: run };
    return;
  }
  const block = blockValues(type);
  const most = Math.max(1, Math.floor(limit / bytesOf(type, block))) * block;
  for (const row of runs(rows, 1)) {
    for (const run of runs(columns, most)) yield { ...rectangle, rows: row, columns: run };
  }
}

function* runs({ start, end }: Range, length: number): Generator<Range> {
  for (let at = start; at < end; at += length) yield { start: at, end: Math.min(at + length, end) };
}
