import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyProgram } from '../../../test/fixtures/any-program.ts';
import { tinyHeader } from '../../../test/fixtures/tiny-models.ts';
import type { ModelHeader } from '../../model/header.ts';
import { buildProgram } from '../../program/build.ts';
import { type Op, type Program, type Weight, weightKey } from '../../program/program.ts';
import { type Range, rangeLength } from '../../units.ts';
import { MAX_MEMORY_BYTES, matmulScratchBytes, topKScratchBytes } from './kernels.ts';
import { type MemoryMap, mapMemory, STAGING_BYTES, ThreadMemoryError } from './memory-map.ts';
import { ownRows, planShares, planThread } from './thread-plan.ts';

const base = 4096;

interface Room {
  readonly slots: number;
  readonly maxTokens: number;
}

function mapOf(program: Program, threads: number, thread: number, { slots, maxTokens }: Room): MemoryMap {
  const plans = program.segments.flatMap((segment) =>
    [false, true].map((manyTokens) => planThread(program, segment, threads, manyTokens)),
  );
  return mapMemory(program, planShares(program, threads), plans, { thread, slots, maxTokens, base });
}

/** What each part needs, in bytes, said anew. */
function rangesOf(program: Program, threads: number, thread: number, room: Room): Range[] {
  const map = mapOf(program, threads, thread, room);
  const shares = planShares(program, threads);
  const ranges = new Map<string, Range>();
  const add = (name: string, start: number, bytes: number) => ranges.set(name, { start, end: start + bytes });
  const perBlock = { q40: 18, q80: 34, f16: 64, f32: 128 };
  const bytesOf = ({ type, columns }: Weight, rows: number) => (rows * rangeLength(columns) * perBlock[type]) / 32;
  const at = (weight: Weight): number => map.weights.get(weightKey(weight)) as number;
  for (const op of program.segments.flatMap((segment): readonly Op[] => segment.ops)) {
    if (op.op === 'matmul') {
      const rows = Math.ceil(rangeLength(ownRows(op, shares, thread)) / 8) * 8;
      add(weightKey(op.weight), at(op.weight), bytesOf(op.weight, rows));
    } else if (op.op === 'embedding') {
      add('table', at(op.table), bytesOf(op.table, rangeLength(shares.vocabulary(op.table.rows, thread))));
    } else if (op.op === 'rms-norm') {
      add(weightKey(op.gain), at(op.gain), bytesOf(op.gain, 1));
    }
  }
  for (const [name, { at, stride }] of map.rows) add(`rows of ${name}`, at, stride * room.maxTokens);
  for (const [name, { at, stride }] of map.columns) {
    const own = rangeLength(shares.columns(name, thread)) * 4;
    expect(stride % 32).toBe(0);
    expect(stride).toBeGreaterThanOrEqual(own);
    if (threads === 1 && map.rows.get(name)?.at === at) expect(stride).toBe(map.rows.get(name)?.stride);
    else add(`columns of ${name}`, at, stride * room.maxTokens);
  }
  const { seqLen, layers, headDim } = program.cache;
  const widest = Math.max(
    ...program.segments.flatMap(({ ops }) =>
      ops.map((op) => (op.op === 'matmul' ? rangeLength(op.weight.columns) : 0)),
    ),
  );
  add('scratch', map.matmulScratch, matmulScratchBytes(room.maxTokens, widest));
  const attention = program.segments.flatMap(({ ops }) => ops).find((op) => op.op === 'attention');
  const queryHeads = attention ? rangeLength(shares.heads(attention, thread).heads) : 0;
  add('scores', map.scores, Math.max(4, queryHeads) * (headDim + Math.ceil(seqLen / 16) * 16) * 4);
  const logits = program.segments.flatMap(({ ops }) =>
    ops.map((op) => (op.op === 'top-k' ? rangeLength(shares.columns(op.logits, thread)) : 0)),
  );
  add('top-k', map.topK, 8 * Math.max(...logits));
  if (Math.max(...logits) > 0) add('top-k scratch', map.topKScratch, topKScratchBytes(Math.max(...logits)));
  add('rope', map.rope, room.maxTokens * headDim * 2 * 4);
  expect(map.cacheHeadBytes).toBeGreaterThanOrEqual(Math.ceil(seqLen / 8) * 8 * headDim * 2);
  // Rows are staged where the cache will be.
  expect(map.staging).toBe(map.cache);
  add('cache', map.cache, Math.max(STAGING_BYTES, room.slots * layers * map.cacheHeads * 2 * map.cacheHeadBytes));
  const sorted = [...ranges.values()].filter((range) => rangeLength(range) > 0).sort((a, b) => a.start - b.start);
  return [...sorted, { start: map.size, end: map.size }];
}

test('no two parts of a memory overlap, nor reach the kernels’ own data or its end', () => {
  const room = fc.record({ slots: fc.integer({ min: 1, max: 40 }), maxTokens: fc.integer({ min: 1, max: 130 }) });
  fc.assert(
    fc.property(anyProgram, fc.integer({ min: 1, max: 9 }), fc.nat(), room, (program, threads, thread, roomFor) => {
      let end = base;
      for (const range of rangesOf(program, threads, thread % threads, roomFor)) {
        expect(range.start).toBeGreaterThanOrEqual(end);
        end = range.end;
      }
    }),
  );
});

describe('models of real sizes', () => {
  const llama8b: Partial<ModelHeader> = {
    ...{ dim: 4096, hiddenDim: 14336, layers: 32, heads: 32, kvHeads: 8, headDim: 128, vocabSize: 128256 },
    ...{ seqLen: 8192, weightType: 'q40' },
  };
  const llama70b: Partial<ModelHeader> = { ...llama8b, dim: 8192, hiddenDim: 28672, layers: 80, heads: 64 };
  const room = { slots: 1, maxTokens: 128 };
  const programOf = (header: Partial<ModelHeader>): Program => buildProgram(tinyHeader(header));
  const failure = (program: Program, threads: number, roomFor: Room): Error => {
    try {
      for (let thread = 0; thread < threads; thread++) mapOf(program, threads, thread, roomFor);
    } catch (error) {
      return error as Error;
    }
    throw new Error('it fits');
  };

  test.each([
    ['8B', llama8b, 1, room],
    ['8B in 2 threads, with a long context', { ...llama8b, seqLen: 65536 }, 2, room],
    ['8B for many sequences', llama8b, 4, { slots: 16, maxTokens: 128 }],
    ['70B', llama70b, 1, room],
    ['70B in 8 threads', llama70b, 8, room],
    ['70B in f32', { ...llama70b, weightType: 'f32' }, 64, room],
  ] as const)('%s: more threads are asked for, and they suffice', (_, header, threads, roomFor) => {
    const program = programOf(header);
    const error = failure(program, threads, roomFor);
    expect(error).toBeInstanceOf(ThreadMemoryError);
    const more = Number(/use --nthreads (\d+) or more, or a shorter --max-seq-len$/.exec(error.message)?.[1]);
    expect(more).toBeGreaterThan(threads);
    for (let thread = 0; thread < more; thread++) {
      expect(mapOf(program, more, thread, roomFor).size).toBeLessThanOrEqual(MAX_MEMORY_BYTES);
    }
  });

  test('more sequences than one head’s cache has room for, which no number of threads mends', () => {
    const error = failure(programOf(llama8b), 4, { slots: 32, maxTokens: 128 });
    expect(error.message).toMatch(/use a shorter --max-seq-len$/);
  });

  test('a context that no number of threads has room for', () => {
    const error = failure(programOf({ ...llama8b, seqLen: 2 ** 31 - 1 }), 2, room);
    expect(error.message).toMatch(/^A thread would need [\d.]+ GB but can have 4 GB; use a shorter --max-seq-len$/);
  });

  test('addresses above 2 GB are positive', () => {
    const map = mapOf(programOf(llama8b), 3, 1, room);
    const addresses = [map.cache, map.scores, map.staging, ...map.weights.values(), map.size];
    expect(Math.max(...addresses)).toBeGreaterThan(2 ** 31);
    expect(Math.min(...addresses)).toBeGreaterThanOrEqual(base);
  });
});
