// A packed program on packed bytes gives the bits that the program gives on the model, however it was cut.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCpuDevice } from '../../../node/devices/cpu-host.ts';
import { type ContractModel, openModel, shardedModels, variedModels } from '../../../test/contracts/contract-models.ts';
import { rankSlices } from '../../../test/contracts/rank-group.ts';
import { anyProgram } from '../../../test/fixtures/any-program.ts';
import { tinyModel } from '../../../test/fixtures/tiny-models.ts';
import type { Device, WeightFile } from '../../device/device.ts';
import { referenceDevice } from '../../device/reference/reference-device.ts';
import type { Slice } from '../../layout/slice.ts';
import { bytesSource } from '../../model/bytes-source.ts';
import { buildProgram } from '../../program/build.ts';
import { type Program, programWeights, type Weight, weightKey } from '../../program/program.ts';
import { ChunkReader } from './chunk-reader.ts';
import { cutChunks } from './chunks.ts';
import { packProgram, rectangleBytes } from './pack.ts';

const LIMIT = 1000; // small chunks, so that tiny tensors have many, and some rows are larger than one

async function packedFile(program: Program, model: WeightFile): Promise<WeightFile> {
  const packed = packProgram(program);
  const bytes = new Uint8Array(packed.size);
  const reader = new ChunkReader(model);
  for (const chunk of cutChunks(packed, LIMIT)) {
    await reader.read(chunk, bytes.subarray(chunk.offset, chunk.offset + chunk.size));
  }
  return { source: bytesSource('packed', bytes), tensors: packed.tensors };
}

const tokens = [3, 14, 15, 9, 26, 5];

/** All that the segments give, one after the other, on inputs that are made up where a segment takes one. */
async function outputs(device: Device, program: Program, file: WeightFile): Promise<Uint8Array[]> {
  const loaded = await device.load(program, file, { slots: 1, maxTokens: tokens.length });
  const results: Uint8Array[] = [];
  const add = (floats: Float32Array) => results.push(new Uint8Array(floats.slice().buffer));
  const wanted = [{ topK: 1, apart: [], full: true }];
  for (const [index, { input }] of program.segments.entries()) {
    const width = input === undefined ? 0 : program.buffers[input].width;
    const made = Float32Array.from({ length: tokens.length * width }, (_, i) => Math.sin(i * (index + 1)));
    const step = { runs: [{ slot: 0, position: 0, tokens, wanted }] };
    const { output, candidates } = await loaded.run(step, index, input === undefined ? undefined : made);
    if (output) add(output);
    for (const { full } of candidates) if (full) add(full);
  }
  await loaded.close();
  return results;
}

async function expectSameBits(device: Device, model: WeightFile, program: Program): Promise<void> {
  const expected = await outputs(device, program, model);
  const actual = await outputs(device, packProgram(program).program, await packedFile(program, model));
  expect(actual.length).toBeGreaterThan(0);
  expect(actual.length).toBe(expected.length);
  for (const [i, bytes] of actual.entries()) expect(Buffer.compare(bytes, expected[i])).toBe(0);
}

const models = [...shardedModels, ...variedModels].map((model): [string, ContractModel] => [model.title, model]);

describe.each(models)('%s', (_, contractModel) => {
  test('ranks that share layers, stages, and all of it', async () => {
    const model = await openModel(contractModel);
    const { header } = model;
    const stage = { start: 0, end: 1 };
    for (const slice of [...rankSlices(header, [2, 3]), ...rankSlices(header, [1, 1, 1], stage)]) {
      await expectSameBits(referenceDevice(), model, buildProgram(header, slice, { embeds: false }));
      await expectSameBits(referenceDevice(), model, buildProgram(header, slice));
    }
  });

  test('a rank with no heads, no feed-forward columns or no vocabulary', async () => {
    const model = await openModel(contractModel);
    const [whole] = rankSlices(model.header, [1]);
    const none = { start: 0, end: 0 };
    const poor: Partial<Slice>[] = [{ heads: none, kvHeads: none }, { hidden: none }, { vocabulary: none }];
    for (const part of [...poor, Object.assign({}, ...poor)]) {
      const program = buildProgram(model.header, { ...whole, ...part }, { embeds: false });
      await expectSameBits(referenceDevice(), model, program);
    }
  });

  test('on the cpu device', async () => {
    const model = await openModel(contractModel);
    const device = await nodeCpuDevice(1); // its one thread is this one, which needs no location to read from
    for (const slice of rankSlices(model.header, [2, 1])) {
      await expectSameBits(device, model, buildProgram(model.header, slice, { embeds: false }));
    }
  });
});

test('two rectangles of one tensor, and one that is used twice', async () => {
  const { model } = await tinyModel({ weightType: 'q40', dim: 64 });
  const matmul = (rows: [number, number], columns: [number, number], out: string) => {
    const range = ([start, end]: [number, number]) => ({ start, end });
    const weight: Weight = { tensor: 'layers.1.w1', type: 'q40', rows: range(rows), columns: range(columns) };
    return { op: 'matmul' as const, input: `x${columns[1] - columns[0]}-q80`, weight, out };
  };
  const program: Program = {
    ...buildProgram(model.header),
    buffers: {
      ...{ x64: { width: 64, type: 'f32' }, 'x64-q80': { width: 64, type: 'q80' }, a: { width: 9, type: 'f32' } },
      ...{ x32: { width: 9, type: 'f32' }, b: { width: 5, type: 'f32' } },
    },
    segments: [
      {
        input: 'x64',
        ops: [{ op: 'quantise', input: 'x64', out: 'x64-q80' }, matmul([3, 12], [0, 64], 'a')],
        output: 'a',
        sync: 'none',
      },
      { input: undefined, ops: [matmul([7, 12], [0, 64], 'b')], output: 'b', sync: 'none' },
      { input: undefined, ops: [matmul([3, 12], [0, 64], 'a')], output: 'a', sync: 'none' },
    ],
  };
  const packed = packProgram(program);
  expect([...packed.tensors.keys()]).toEqual(['layers.1.w1', 'layers.1.w1#2']);
  expect(packed.size).toBe((9 + 5) * 36);
  await expectSameBits(referenceDevice(), model, program);
});

test('a model whose own names look like those that are made up', () => {
  const weight = (tensor: string, start: number): Weight => {
    return { tensor, type: 'f32', rows: { start, end: start + 1 }, columns: { start: 0, end: 4 } };
  };
  const gains = [weight('a', 0), weight('a', 1), weight('a#2', 0), weight('a#2', 1), weight('a', 1)];
  const ops = gains.map((gain) => ({ op: 'rms-norm' as const, input: 'x', gain, epsilon: 1, out: 'x' }));
  const segments = [{ input: 'x', ops, output: 'x', sync: 'none' as const }];
  const cache = { layers: 0, kvHeads: 0, headDim: 0, seqLen: 1 };
  const packed = packProgram({ buffers: { x: { width: 4, type: 'f32' } }, segments, cache, vocabSize: 1 });
  expect(packed.tensors.size).toBe(4);
  const names = packed.program.segments[0].ops.map((op) => (op.op === 'rms-norm' ? op.gain.tensor : ''));
  expect(new Set(names).size).toBe(4);
  expect(names[4]).toBe(names[1]);
});

test('any program: pieces are its rectangles, side by side; chunks fill them, side by side', () => {
  fc.assert(
    fc.property(anyProgram, fc.integer({ min: 2000, max: 50_000 }), (program, limit) => {
      const packed = packProgram(program);
      expect(packed.pieces.map(({ rectangle }) => weightKey(rectangle))).toEqual(
        programWeights(program).map(weightKey),
      );
      let end = 0;
      for (const { rectangle, entry } of packed.pieces) {
        expect(entry.offset).toBe(end);
        expect(entry.size).toBe(rectangleBytes(rectangle));
        expect(packed.tensors.get(entry.name)).toBe(entry);
        end += entry.size;
      }
      expect(packed.size).toBe(end);
      for (const { tensor, rows, columns } of programWeights(packed.program)) {
        expect(packed.tensors.get(tensor)).toMatchObject({ rows: rows.end, columns: columns.end });
        expect([rows.start, columns.start]).toEqual([0, 0]);
      }
      const borders = new Set(packed.pieces.map(({ entry }) => entry.offset + entry.size));
      const ends = new Set<number>([0]);
      let filled = 0;
      const wrong = cutChunks(packed, limit).filter(({ offset, size, rectangle }) => {
        const isSound = offset === filled && size === rectangleBytes(rectangle) && size > 0 && size <= limit;
        filled += size;
        ends.add(filled);
        return !isSound;
      });
      expect(wrong).toEqual([]);
      expect([...borders].filter((border) => !ends.has(border))).toEqual([]);
      expect(filled).toBe(packed.size);
    }),
    { numRuns: 50 },
  );
});
