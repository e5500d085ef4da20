import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tinyHeader } from '../../test/fixtures/tiny-models.ts';
import { cutRange, kvHeadsOf, ledSlices, type Slice, wholeSlice } from '../layout/slice.ts';
import type { ModelHeader } from '../model/header.ts';
import { tensorList } from '../model/tensor-list.ts';
import { type Range, rangeLength } from '../units.ts';
import { buildProgram, UnsupportedModelError } from './build.ts';
import { type Program, programWeights, type Weight } from './program.ts';

const header = tinyHeader({ dim: 96, heads: 6, kvHeads: 2, headDim: 32, hiddenDim: 224, layers: 4, vocabSize: 101 });

const opNames = (program: Program): string[][] => program.segments.map(({ ops }) => ops.map(({ op }) => op));
const syncs = (program: Program): string[] => program.segments.map(({ sync }) => sync);

/** The slices of ranks that share `layers`. */
function slices(model: ModelHeader, weights: readonly number[], layers: Range): Slice[] {
  const heads = cutRange(model.heads, weights);
  const hidden = cutRange(model.hiddenDim, weights, 32);
  const vocabulary = cutRange(model.vocabSize, weights);
  return weights.map((_, rank) => ({
    layers,
    heads: heads[rank],
    kvHeads: kvHeadsOf(heads[rank], model.heads / model.kvHeads),
    hidden: hidden[rank],
    vocabulary: vocabulary[rank],
  }));
}

describe('buildProgram', () => {
  const attention = 'rms-norm quantise matmul matmul matmul rope rope attention quantise matmul'.split(' ');
  const feedForward = 'rms-norm quantise matmul matmul silu-mul quantise matmul'.split(' ');
  const logits = 'pick-rows rms-norm quantise matmul top-k'.split(' ');

  it('makes one segment of a whole model, without a sync', () => {
    const program = buildProgram({ ...header, layers: 1 });
    expect(opNames(program)).toEqual([['embedding', ...attention, 'add', ...feedForward, 'add', ...logits]]);
    expect(program.segments[0]).toMatchObject({ input: undefined, output: undefined, sync: 'none' });
    expect(program.cache).toEqual({ layers: 1, kvHeads: 2, headDim: 32, seqLen: 64 });
  });

  it('norms the heads of q and k in qwen3, and quantises nothing for float weights', () => {
    const program = buildProgram(tinyHeader({ architecture: 'qwen3', weightType: 'f16', layers: 1 }));
    expect(opNames(program)[0].slice(0, 9).join(' ')).toBe(
      'embedding rms-norm matmul matmul matmul rms-norm rms-norm rope rope',
    );
    expect(opNames(program)[0]).not.toContain('quantise');
    expect(Object.values(program.buffers).every(({ type }) => type === 'f32')).toBe(true);
  });

  it('ends a segment where ranks of a stage add up: after wo and after w2', () => {
    const program = buildProgram(header, slices(header, [1, 1], { start: 0, end: 4 })[1]);
    expect(syncs(program)).toEqual([...Array(8).fill('all-reduce'), 'none']);
    expect(opNames(program)[0]).toEqual(['embedding', ...attention]);
    expect(opNames(program)[1]).toEqual(['add', ...feedForward]);
    expect(opNames(program)[2]).toEqual(['add', ...attention]);
    expect(opNames(program)[8]).toEqual(['add', ...logits]);
    for (const [i, { input, output }] of program.segments.entries()) {
      expect(input).toBe(i === 0 ? undefined : 'partial');
      expect(output).toBe(i === 8 ? undefined : 'partial');
    }
    expect(program.buffers.partial.width).toBe(header.dim);
    expect(program.cache.kvHeads).toBe(1);
  });

  it('passes the residual stream between stages', () => {
    const [first, middle, last] = [
      [0, 1],
      [1, 3],
      [3, 4],
    ].map(([start, end]) => buildProgram(header, { ...wholeSlice(header), layers: { start, end } }));
    expect(first.segments).toMatchObject([{ input: undefined, output: 'x', sync: 'next-stage' }]);
    expect(middle.segments).toMatchObject([{ input: 'x', output: 'x', sync: 'next-stage' }]);
    expect(last.segments).toMatchObject([{ input: 'x', output: undefined, sync: 'none' }]);
    expect(opNames(middle)).toEqual([
      [...attention, 'add', ...feedForward, 'add', ...attention, 'add', ...feedForward, 'add'],
    ]);
    expect(middle.cache.layers).toBe(2);
    const layers = middle.segments[0].ops.flatMap((op) => (op.op === 'attention' ? [op.layer] : []));
    expect(layers).toEqual([0, 1]);
    expect(programWeights(middle).map(({ tensor }) => tensor)).not.toContain('embedding');
  });

  it('gives all ranks of a stage the same segments, even those with little to do', () => {
    const programs = slices(header, Array(9).fill(1), { start: 0, end: 4 }).map((slice) => buildProgram(header, slice));
    for (const program of programs) expect(syncs(program)).toEqual(syncs(programs[0]));
  });

  it('adds up once a layer where all ranks compute half of it in full', () => {
    const [slice] = slices(header, [1, 1], { start: 0, end: 4 });
    const { heads, kvHeads } = wholeSlice(header);
    const attentionWhole = buildProgram(header, { ...slice, heads, kvHeads, replicated: 'attention' });
    expect(syncs(attentionWhole)).toEqual([...Array(4).fill('all-reduce'), 'none']);
    expect(opNames(attentionWhole)[0].slice(-feedForward.length)).toEqual(feedForward);
    const hidden = { start: 0, end: header.hiddenDim };
    const feedForwardWhole = buildProgram(header, { ...slice, hidden, replicated: 'feed-forward' });
    expect(syncs(feedForwardWhole)).toEqual([...Array(4).fill('all-reduce'), 'none']);
    expect(opNames(feedForwardWhole)[0].slice(-attention.length)).toEqual(attention);
  });

  it('has a leader who alone computes attention, and spreads and collects in step with the others', () => {
    const [leader, follower] = ledSlices(header, slices(header, [1, 1], { start: 0, end: 4 })).map((slice) =>
      buildProgram(header, slice),
    );
    expect(syncs(leader)).toEqual([...Array(4).fill(['spread', 'collect']).flat(), 'spread', 'none']);
    expect(syncs(follower)).toEqual(syncs(leader));
    for (const [i, { sync, ops, input, output }] of follower.segments.entries()) {
      expect(ops.length === 0).toBe(sync === 'spread');
      expect(input).toBe(sync === 'spread' ? undefined : 'normed');
      expect(output).toBe(sync === 'collect' ? 'partial' : undefined);
      expect(leader.segments[i].output).toBe({ spread: 'normed', collect: 'partial' }[sync as string]);
    }
    const namesOf = (program: Program) => new Set(opNames(program).flat());
    expect(namesOf(follower)).not.toContain('attention');
    expect(namesOf(follower)).not.toContain('rms-norm');
    expect(namesOf(leader)).toContain('attention');
    expect(follower.cache.kvHeads).toBe(0);
  });

  it('uses only buffers that it declares, of the widths that its ops need', () => {
    for (const slice of slices(header, [1, 3, 2], { start: 0, end: 2 })) {
      const { buffers, segments } = buildProgram(header, slice);
      for (const op of segments.flatMap(({ ops }) => ops)) {
        if (op.op === 'matmul') {
          expect(buffers[op.input]).toEqual({ width: rangeLength(op.weight.columns), type: 'q80' });
          expect(buffers[op.out]).toEqual({ width: rangeLength(op.weight.rows), type: 'f32' });
        } else if (op.op === 'quantise') {
          expect(buffers[op.out].width).toBe(buffers[op.input].width);
        } else if (op.op === 'attention') {
          expect(buffers[op.q].width).toBe(rangeLength(op.heads) * op.headDim);
          expect(buffers[op.k].width).toBe(rangeLength(op.kvHeads) * op.headDim);
          expect(buffers[op.out].width).toBe(buffers[op.q].width);
        }
      }
    }
  });

  it('refuses a mixture of experts', () => {
    expect(() => buildProgram(tinyHeader({ architecture: 'qwen3-moe' }))).toThrow(UnsupportedModelError);
  });
});

/** Tensors that every rank of a stage holds whole, because each needs all of them. */
const replicated = (tensor: string): boolean => tensor.endsWith('norm') || tensor === 'embedding';

describe('the weights of a layout', () => {
  it('cover each tensor exactly once, but for what ranks share', () => {
    const ranks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(ranks, { minLength: 1, maxLength: 3 }), (stages) => {
        const layers = cutRange(header.layers, Array(stages.length).fill(1));
        const held = stages.flatMap((weights, stage) =>
          slices(header, weights, layers[stage]).flatMap((slice) => programWeights(buildProgram(header, slice))),
        );
        for (const tensor of tensorList(header)) {
          const parts = held.filter((weight) => weight.tensor === tensor.name);
          if (replicated(tensor.name)) expectEachWhole(parts, tensor.rows, tensor.columns);
          else if (/\.[kv]$/.test(tensor.name)) expectAllRows(parts, tensor.rows, tensor.columns);
          else expectOnce(parts, tensor.rows, tensor.columns, tensor.name);
          for (const { type } of parts) expect(type).toBe(tensor.type);
        }
        const names = new Set([...tensorList(header)].map(({ name }) => name));
        for (const { tensor } of held) expect(names.has(tensor), tensor).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

function expectEachWhole(parts: readonly Weight[], rows: number, columns: number): void {
  expect(parts.length).toBeGreaterThan(0);
  for (const part of parts)
    expect(part).toMatchObject({ rows: { start: 0, end: rows }, columns: { start: 0, end: columns } });
}

/** Disjoint rectangles, together as large as the tensor. */
function expectOnce(parts: readonly Weight[], rows: number, columns: number, name: string): void {
  const area = parts.reduce((sum, part) => sum + rangeLength(part.rows) * rangeLength(part.columns), 0);
  expect(area, name).toBe(rows * columns);
  const solid = parts.filter((part) => rangeLength(part.rows) * rangeLength(part.columns) > 0);
  for (const [i, a] of solid.entries()) {
    for (const b of solid.slice(i + 1))
      expect(overlap(a.rows, b.rows) && overlap(a.columns, b.columns), name).toBe(false);
  }
}

/** Key-value heads at a border are held by both neighbours. */
function expectAllRows(parts: readonly Weight[], rows: number, columns: number): void {
  const covered = new Set<number>();
  for (const part of parts) {
    expect(part.columns).toEqual({ start: 0, end: columns });
    for (let row = part.rows.start; row < part.rows.end; row++) covered.add(row);
  }
  expect(covered.size).toBe(rows);
}

const overlap = (a: Range, b: Range): boolean => a.start < b.end && b.start < a.end;
