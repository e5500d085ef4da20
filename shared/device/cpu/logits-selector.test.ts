import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogitsRequest } from '../device.ts';
import { selectCandidates } from '../top-k.ts';
import { instantiate, kernelMemory, topKScratchBytes } from './kernels.ts';
import { LogitsSelector } from './logits-selector.ts';

const most = 6000;

/** Answers from a row in kernel memory, with other rows close before and behind it, which must stay as they are. */
async function selecting(build: string) {
  const bytes = await readFile(new URL(`../../../shaders/wasm/${build}.wasm`, import.meta.url));
  const memory = kernelMemory(8);
  const kernels = instantiate(new WebAssembly.Module(bytes), memory);
  const at = 65536;
  const topK = at + (most + 16) * 4;
  const topKScratch = topK + most * 8;
  expect(topKScratch + topKScratchBytes(most)).toBeLessThan(memory.buffer.byteLength);
  const selector = new LogitsSelector(kernels, memory.buffer, { topK, topKScratch });
  const floats = new Float32Array(memory.buffer);
  return (logits: Float32Array, start: number, request: LogitsRequest) => {
    const behind = at / 4 + Math.ceil(logits.length / 8) * 8;
    floats[at / 4 - 1] = 31;
    floats.set(logits, at / 4);
    floats.fill(1e9, at / 4 + logits.length, behind); // whatever a product leaves in padding
    floats[behind] = 47;
    const answer = selector.select(at, { start, end: start + logits.length }, request);
    expect([floats[at / 4 - 1], floats[behind]]).toEqual([31, 47]);
    return answer;
  };
}

// Quarters collide often; the wide ones would overflow a plain exponential.
const tame = fc.oneof(
  fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4),
  fc.float({ min: -2000, max: 2000, noNaN: true }),
);
const wild = fc.oneof(tame, fc.constantFrom(0, -0, Infinity, -Infinity, Number.NaN, 3e38, -3e38, 1e-45));
const small = fc.oneof(fc.array(tame, { maxLength: 90 }), fc.array(wild, { maxLength: 90 }));
/** Rows of thousands, made of a few numbers: of which there is a bell, a slope, a plain of equals, or all in turn. */
const large = fc
  .record({
    length: fc.integer({ min: 500, max: most }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    kind: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ length, seed, kind }) => {
    let state = seed;
    const uniform = (): number => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const bell = (): number => (uniform() + uniform() + uniform() - 1.5) * 8;
    const kinds = [bell, (i: number) => i / 100, (i: number) => -i / 100, () => 3, () => Math.round(bell())];
    return Array.from({ length }, (_, i) => (kind === 4 ? kinds[i % 4] : kinds[kind === 3 ? 4 : kind])(i));
  });
const row = fc.oneof(small, large).map((values) => Float32Array.from(values));
const request = fc.record({
  topK: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 * most })),
  apart: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 9 }),
  full: fc.boolean(),
});

describe.each(['relaxed', 'plain'])('%s kernels', (build) => {
  it('find what the plain search finds', async () => {
    const select = await selecting(build);
    fc.assert(
      fc.property(row, fc.integer({ min: 0, max: 20 }), request, (logits, start, asked) => {
        const expected = selectCandidates(logits, start, asked);
        const { ids, logits: best, logSumExp, apart, full } = select(logits, start, asked);
        expect([ids, best, apart, full]).toEqual([expected.ids, expected.logits, expected.apart, expected.full]);
        if (Number.isFinite(expected.logSumExp)) {
          expect(Math.abs(logSumExp - expected.logSumExp)).toBeLessThan(1e-6 + Math.abs(expected.logSumExp) * 1e-15);
        } else expect(logSumExp).toBe(expected.logSumExp);
      }),
      { numRuns: 400 },
    );
  });
});
