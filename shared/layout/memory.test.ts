import { expect, test } from 'vitest';
import { rankSlices } from '../../test/contracts/rank-group.ts';
import { tinyHeader } from '../../test/fixtures/tiny-models.ts';
import { bytesOf } from '../model/quant.ts';
import { totalTensorBytes } from '../model/tensor-list.ts';
import { buildProgram } from '../program/build.ts';
import { type Program, programWeights } from '../program/program.ts';
import { rangeLength } from '../units.ts';
import { headUnit, PROCESS_BYTES, rankBytes, weightBytes } from './memory.ts';
import { wholeSlice } from './slice.ts';

const OPTIONS = { slots: 3, maxTokens: 16 };

const headers = [
  tinyHeader(),
  tinyHeader({ architecture: 'qwen3', weightType: 'q80', headDim: 32, vocabSize: 301 }),
  tinyHeader({ weightType: 'f16', heads: 6, kvHeads: 2, headDim: 64, layers: 3 }),
  tinyHeader({ weightType: 'f32', dim: 60, heads: 6, kvHeads: 3, headDim: 10, hiddenDim: 100 }),
];

const weightsOf = (program: Program): number =>
  programWeights(program)
    .filter(({ tensor }) => tensor !== 'embedding')
    .reduce((sum, { type, rows, columns }) => sum + rangeLength(rows) * bytesOf(type, rangeLength(columns)), 0);

test.each([...headers, tinyHeader({ architecture: 'qwen3-moe' })])(
  'the whole model but its embeddings: %o',
  (header) => {
    const moe = header.experts > 0 ? { hidden: { start: 0, end: header.moeHiddenDim } } : {};
    const embedding = 4 * header.dim * header.vocabSize;
    expect(weightBytes(header, { ...wholeSlice(header), ...moe })).toBe(totalTensorBytes(header) - embedding);
  },
);

test.each(headers)('a slice has the bytes of the weights that its program reads: %o', (header) => {
  const middle = { start: 0, end: header.layers - 1 };
  const last = { start: header.layers - 1, end: header.layers };
  const units = header.heads % 3 === 0 ? [1, 1, 1] : [1, 1];
  for (const layers of [middle, last]) {
    for (const slice of rankSlices(header, units, layers)) {
      expect(weightBytes(header, slice)).toBe(weightsOf(buildProgram(header, slice, { embeds: false })));
    }
  }
});

test.each(headers)('memory is weights, cache, room for every buffer of the program, and the process: %o', (header) => {
  for (const slice of [wholeSlice(header), ...rankSlices(header, [2, 1])]) {
    const { cache, buffers } = buildProgram(header, slice, { embeds: false });
    const cached = OPTIONS.slots * cache.layers * cache.kvHeads * 2 * cache.seqLen * cache.headDim * 2;
    const rest = rankBytes(header, slice, OPTIONS) - weightBytes(header, slice) - cached - PROCESS_BYTES;
    const widths = Object.values(buffers).map(({ width, type }) => width * (type === 'f32' ? 4 : 1.25));
    const needed = OPTIONS.maxTokens * widths.reduce((a, b) => a + b, 0);
    expect(rest).toBeGreaterThanOrEqual(needed);
    expect(rest).toBeLessThan(3 * needed);
  }
});

test.each([
  [128, 1],
  [80, 2],
  [64, 1],
  [16, 2],
  [10, 16],
])('heads of %d numbers are cut in units of %d', (headDim, unit) => {
  expect(headUnit(tinyHeader({ headDim }))).toBe(unit);
});
