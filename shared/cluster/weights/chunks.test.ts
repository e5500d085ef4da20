// Chunks are gathered from the file in bounded memory, and their hashes are those of the bytes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto as crypto } from '../../../node/links/node-crypto.ts';
import { tinyModel } from '../../../test/fixtures/tiny-models.ts';
import type { WeightFile } from '../../device/device.ts';
import { bytesSource } from '../../model/bytes-source.ts';
import type { FloatType } from '../../model/header.ts';
import { MissingTensorError } from '../../model/model-errors.ts';
import { blockValues, bytesOf } from '../../model/quant.ts';
import { buildProgram } from '../../program/build.ts';
import { type Weight, weightKey } from '../../program/program.ts';
import { rangeLength } from '../../units.ts';
import { ChunkReader, SCRATCH_BYTES } from './chunk-reader.ts';
import { hashOf } from './chunk-store.ts';
import { CHUNK_BYTES, type Chunk, cutChunks } from './chunks.ts';
import { chunkHashes } from './hashes.ts';
import { packProgram, rectangleBytes } from './pack.ts';

/** A file with one tensor behind some other bytes, and how it is read. */
function fileOf(type: FloatType, rows: number, columns: number) {
  const before = 13;
  const size = bytesOf(type, rows * columns);
  const bytes = new Uint8Array(before + size + 7);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 255;
  const inner = bytesSource('some.m', bytes);
  const reads: number[] = [];
  const source: WeightFile['source'] = {
    ...inner,
    async readInto(offset, target) {
      expect(offset).toBeGreaterThanOrEqual(before);
      expect(offset + target.length).toBeLessThanOrEqual(before + size);
      reads.push(target.length);
      await inner.readInto(offset, target);
    },
  };
  const entry = { name: 'w', type, rows, columns, offset: before, size };
  return { file: { source, tensors: new Map([['w', entry]]) }, bytes: bytes.subarray(before, before + size), reads };
}

const chunkOf = (rectangle: Weight): Chunk => ({ rectangle, offset: 0, size: rectangleBytes(rectangle) });

/** Row by row, as the words say it. */
function plain(bytes: Uint8Array, tensorColumns: number, { type, rows, columns }: Weight): Uint8Array {
  const stride = bytesOf(type, tensorColumns);
  const parts: number[] = [];
  for (let row = rows.start; row < rows.end; row++) {
    const from = row * stride;
    parts.push(...bytes.subarray(from + bytesOf(type, columns.start), from + bytesOf(type, columns.end)));
  }
  return Uint8Array.from(parts);
}

describe('reader', () => {
  const anyRectangle = fc
    .record({ type: fc.constantFrom<FloatType>('f32', 'f16', 'q40', 'q80'), rows: fc.integer({ min: 1, max: 9 }) })
    .chain(({ type, rows }) => {
      const range = (most: number) => fc.tuple(fc.nat(most), fc.nat(most)).map((ends) => ends.sort((a, b) => a - b));
      const columns = 8;
      return fc.record({ type: fc.constant(type), rows: fc.constant(rows), r: range(rows), c: range(columns) });
    });

  test('any rectangle', async () => {
    await fc.assert(
      fc.asyncProperty(anyRectangle, async ({ type, rows, r, c }) => {
        const unit = blockValues(type);
        const { file, bytes } = fileOf(type, rows, 8 * unit);
        const columns = { start: c[0] * unit, end: c[1] * unit };
        const rectangle: Weight = { tensor: 'w', type, rows: { start: r[0], end: r[1] }, columns };
        const chunk = chunkOf(rectangle);
        const target = new Uint8Array(chunk.size);
        await new ChunkReader(file).read(chunk, target);
        expect(target).toEqual(plain(bytes, 8 * unit, rectangle));
      }),
    );
  });

  // Rows of 64 KiB, of 3 MiB, and of 5 MiB, more than is read at once.
  test.each([
    ['some columns of many rows', 300, 16_384, { start: 4096, end: 12_288 }],
    ['of few wide rows', 5, 786_432, { start: 0, end: 1000 }],
    ['of rows wider than memory', 3, 1_310_720, { start: 655_360, end: 1_310_720 }],
    ['whole rows', 300, 16_384, { start: 0, end: 16_384 }],
  ])('no large read: %s', async (_, rows, width, columns) => {
    const { file, bytes, reads } = fileOf('f32', rows, width);
    const rectangle: Weight = { tensor: 'w', type: 'f32', rows: { start: 1, end: rows }, columns };
    const entry = { name: 'w', type: 'f32' as const, rows: rows - 1, columns: rangeLength(columns) };
    const pieces = [{ rectangle, entry: { ...entry, offset: 0, size: rectangleBytes(rectangle) } }];
    const reader = new ChunkReader(file);
    for (const { rectangle: part, offset, size } of cutChunks({ pieces })) {
      expect(size).toBeLessThanOrEqual(CHUNK_BYTES);
      expect(offset % (rangeLength(columns) * 4)).toBe(0);
      const target = new Uint8Array(size);
      await reader.read({ rectangle: part, size }, target);
      for (let row = part.rows.start, at = 0; row < part.rows.end; row++, at += size / rangeLength(part.rows)) {
        const from = (row * width + part.columns.start) * 4;
        const length = rangeLength(part.columns) * 4;
        expect(Buffer.compare(target.subarray(at, at + length), bytes.subarray(from, from + length))).toBe(0);
      }
    }
    expect(Math.max(...reads)).toBeLessThanOrEqual(SCRATCH_BYTES);
    // Nor many small ones: at most one a row, and one for 4 MiB where rows are small.
    const span = width * 4 > SCRATCH_BYTES / 2 ? rows : Math.ceil((rows * width * 4) / (SCRATCH_BYTES - width * 4)) + 2;
    expect(reads.length).toBeLessThanOrEqual(span);
  });

  test('a tensor that is not there, or not so', async () => {
    const { file } = fileOf('f32', 4, 8);
    const reader = new ChunkReader(file);
    const good: Weight = { tensor: 'w', type: 'f32', rows: { start: 0, end: 4 }, columns: { start: 0, end: 8 } };
    const read = (rectangle: Weight) => reader.read(chunkOf(rectangle), new Uint8Array(rectangleBytes(rectangle)));
    await read(good);
    await expect(read({ ...good, tensor: 'v' })).rejects.toThrow(MissingTensorError);
    await expect(read({ ...good, rows: { start: 1, end: 5 } })).rejects.toThrow('w is f32 [4, 8]');
    await expect(read({ ...good, columns: { start: 1, end: 9 } })).rejects.toThrow(RangeError);
    await expect(read({ ...good, type: 'f16' })).rejects.toThrow(RangeError);
    await expect(reader.read(chunkOf(good), new Uint8Array(1))).rejects.toThrow(RangeError);
  });
});

describe('hashes', () => {
  test('are of the bytes; what is known is not read again', async () => {
    const { model } = await tinyModel();
    const chunks = cutChunks(packProgram(buildProgram(model.header)), 700);
    const known = new Map<string, string>();
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => void progress.push([done, total]);
    const hashes = await chunkHashes(model, chunks, crypto, { known, onProgress });
    const total = chunks.reduce((sum, { size }) => sum + size, 0);
    expect(progress[0]).toEqual([0, total]);
    expect(progress.at(-1)).toEqual([total, total]);
    for (const [i, chunk] of chunks.entries()) {
      const bytes = new Uint8Array(chunk.size);
      await new ChunkReader(model).read(chunk, bytes);
      expect(hashes[i]).toBe(await hashOf(bytes, crypto));
    }
    const unreadable = { ...model, source: bytesSource('nothing', new Uint8Array(0)) };
    expect(await chunkHashes(unreadable, chunks, crypto, { known })).toEqual(hashes);
    known.delete(weightKey(chunks[5].rectangle));
    await expect(chunkHashes(unreadable, chunks, crypto, { known })).rejects.toThrow('nothing');
    expect(await chunkHashes(model, chunks, crypto, { known })).toEqual(hashes);
  });

  test('aborted in the middle, what was computed is kept, and nobody reads on', async () => {
    const { model } = await tinyModel();
    const chunks = cutChunks(packProgram(buildProgram(model.header)), 700);
    const known = new Map<string, string>();
    let reads = 0;
    const readInto: typeof model.source.readInto = (offset, target) => {
      reads++;
      return model.source.readInto(offset, target);
    };
    const counted = { ...model, source: { ...model.source, readInto } };
    const hashing = chunkHashes(counted, chunks, crypto, { known, aborted: () => reads >= 10 });
    await expect(hashing).rejects.toThrow('aborted');
    const after = reads;
    expect(known.size).toBe(after);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reads).toBe(after);
  });
});
