// Attention takes heads all at once or one by one, and tokens alone or several: the bits of the answer must not tell.

import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantiate, kernelMemory } from './kernels.ts';

async function load(build: string) {
  const bytes = await readFile(new URL(`../../../shaders/wasm/${build}.wasm`, import.meta.url));
  const memory = kernelMemory(192);
  return { kernels: instantiate(new WebAssembly.Module(bytes), memory), floats: new Float32Array(memory.buffer) };
}

const shape = fc.record({
  heads: fc.integer({ min: 1, max: 5 }),
  each: fc.integer({ min: 1, max: 8 }),
  /** Query heads of the first key head and of the last that are another's. */
  missing: fc.tuple(fc.nat(7), fc.nat(7)),
  headDim: fc.integer({ min: 1, max: 17 }).map((units) => units * 8),
  tokens: fc.integer({ min: 1, max: 90 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

/** What is left of a number in the cache. */
function asHalf(x: number): number {
  if (Math.abs(x) < 2 ** -14) return 0;
  return Math.sign(x) * Math.min(Math.abs(Math.f16round(x)), 65504);
}

describe.each(['relaxed', 'plain'])('%s kernels', (build) => {
  test('answer a token as they do among others, all heads at once or one by one', async () => {
    const { kernels, floats } = await load(build);
    fc.assert(
      fc.property(shape, ({ heads, each, missing, headDim, tokens, seed }) => {
        const counts = Array.from({ length: heads }, () => each);
        counts[0] = Math.max(1, each - missing[0]);
        if (heads > 1) counts[heads - 1] = Math.max(1, each - missing[1]);
        const starts = counts.map((_, head) => counts.slice(0, head).reduce((sum, count) => sum + count, 0));
        const queries = counts.reduce((sum, count) => sum + count, 0);
        const [width, queryWidth] = [heads * headDim, queries * headDim];
        let next = 16384;
        const take = (count: number): number => {
          const at = next * 4;
          next += Math.ceil(count / 16) * 16;
          return at;
        };
        const positions = Math.ceil(tokens / 16) * 16;
        const [k, v] = [take(tokens * width), take(tokens * width)];
        const [q, together, all, single] = Array.from({ length: 4 }, () => take(tokens * queryWidth));
        const [keys, values] = [take(positions * width), take(positions * width)];
        const scratch = take(Math.max(4, queries) * (headDim + positions));
        expect(next).toBeLessThan(floats.length);
        for (let i = 16384; i < next; i++) floats[i] = Math.sin(i * seed) * 3;
        const ends = [counts[0], each, counts[heads - 1]] as const;
        const [stride, queryStride] = [width * 4, queryWidth * 4];
        kernels.storeKeysValues(k, v, stride, tokens, heads, keys, values, 0, headDim);
        const attend = (to: number, head: number, position: number, count: number): void => {
          const offset = position * queryStride + starts[head] * headDim * 4;
          const group = head * headDim * 32;
          const [from, cache] = [q + offset, [keys + group, values + group] as const];
          kernels.attend(
            from,
            to + offset,
            queryStride,
            count,
            counts[head],
            ...cache,
            width * 32,
            position,
            headDim,
            scratch,
          );
        };
        for (let head = 0; head < heads; head++) {
          attend(together, head, 0, tokens);
          for (let position = 0; position < tokens; position++) attend(single, head, position, 1);
        }
        for (let position = 0; position < tokens; position++) {
          const offset = position * queryStride;
          kernels.attendAll(q + offset, all + offset, heads, ...ends, keys, values, position, headDim, scratch);
        }
        const bits = (at: number): Buffer => Buffer.from(floats.buffer, at, tokens * queryStride);
        expect(Buffer.compare(bits(single), bits(together))).toBe(0);
        expect(Buffer.compare(bits(all), bits(together))).toBe(0);
        // And it is attention: the first token can only read its own values.
        for (let i = 0; i < queryWidth; i++) {
          const head = starts.findLastIndex((start) => start <= Math.floor(i / headDim));
          const column = head * headDim + (i % headDim);
          expect(floats[all / 4 + i]).toBeCloseTo(asHalf(floats[v / 4 + column]), 6);
        }
      }),
      { numRuns: 60 },
    );
  });
});
