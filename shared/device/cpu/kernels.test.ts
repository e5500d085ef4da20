import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  chooseKernels,
  instantiate,
  type KernelBuilds,
  kernelMemory,
  MAX_MEMORY_BYTES,
  topKScratchBytes,
} from './kernels.ts';

const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(new URL(`../../../shaders/wasm/${name}.wasm`, import.meta.url)));

let relaxed: Uint8Array<ArrayBuffer>;
let plain: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  [relaxed, plain] = await Promise.all([read('relaxed'), read('plain')]);
});

/** `bytes` with each SIMD instruction `from` replaced by `to`, which takes and gives the same types. */
function withInstruction(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const [low, high] = [from, to].map((code) => [(code & 127) | 128, code >> 7]);
  const copy = Uint8Array.from(bytes);
  let replaced = 0;
  for (let i = 0; i + 2 < copy.length; i++) {
    if (copy[i] !== 0xfd || copy[i + 1] !== low[0] || copy[i + 2] !== low[1]) continue;
    copy.set(high, i + 1);
    replaced++;
  }
  expect(replaced).toBeGreaterThan(0);
  expect(WebAssembly.validate(copy)).toBe(true);
  return copy;
}

const RELAXED_DOT_ADD = 0x113;
const RELAXED_MADD_F32 = 0x105;
const RELAXED_LANESELECT_I8 = 0x109;
const DOT_I16 = 0xba;
const MUL_I32 = 0xb5;

describe('chooseKernels', () => {
  const choice = (builds: Partial<KernelBuilds>) => chooseKernels({ relaxed, plain, ...builds }).build;

  test('takes the relaxed build where the engine gets it right', () => {
    expect(choice({})).toBe('relaxed');
  });

  test.each([
    ['are empty', () => new Uint8Array()],
    ['are no module', () => plain.subarray(1)],
    ['end early', () => relaxed.subarray(0, relaxed.length - 1)],
    ['are a module without kernels', () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
    ['multiply wrong', () => withInstruction(relaxed, RELAXED_DOT_ADD, RELAXED_MADD_F32)],
    ['select in place of multiplying', () => withInstruction(relaxed, RELAXED_DOT_ADD, RELAXED_LANESELECT_I8)],
    ['sum wrong, without relaxed SIMD', () => withInstruction(plain, DOT_I16, MUL_I32)],
  ])('takes the plain build where the bytes of the relaxed one %s', (_, bytes) => {
    expect(choice({ relaxed: bytes() })).toBe('plain');
  });
});

/** Each kernel once on random bytes in `region`; what lies there afterwards. */
function runAll(module: WebAssembly.Module, memory: WebAssembly.Memory, region: number): Uint8Array {
  const kernels = instantiate(module, memory);
  const bytes = new Uint8Array(memory.buffer, region, REGION_BYTES);
  const floats = new Float32Array(memory.buffer, region, REGION_BYTES / 4);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 7919) % 2003) / 1000 - 1;
  let next = region;
  const take = (count: number): number => {
    const at = next;
    next += Math.ceil(count / 64) * 64;
    return at;
  };
  const [tokens, columns, headDim] = [5, 64, 32];
  const file = take(8 * columns * 4); // eight rows of what it is taken for
  // Scales are f16 from random bytes; keep them finite.
  for (let i = 0; i < 8 * columns * 4; i++) bytes[i] &= 0x3f;
  const x = take(tokens * columns * 4);
  const q80 = take(tokens * columns * 1.25);
  const scratch = take(65536);
  kernels.quantise(x, q80, tokens, columns / 32);
  const packed = take(8 * columns * 4);
  const out = () => take(tokens * 32);
  kernels.packQ40(file, (columns / 32) * 18, columns / 32, packed);
  for (const wide of [0, 1]) {
    kernels.matmulQ40(packed, 1, columns / 32, q80, columns * 1.25, tokens, out(), 32, scratch, wide);
  }
  kernels.matvecQ40Streams(packed, 1, columns / 32, q80, out());
  kernels.packQ80(file, (columns / 32) * 34, columns / 32, packed);
  kernels.matmulQ80(packed, 1, columns / 32, q80, columns * 1.25, tokens, out(), 32, scratch, 0);
  kernels.packF16(file, columns * 2, columns, packed);
  kernels.matmulF16(packed, 1, columns, x, columns * 4, tokens, out(), 32, scratch, 0);
  kernels.packF32(x, columns * 2, columns, packed);
  kernels.matmulF32(packed, 1, columns, x, columns * 4, tokens, out(), 32, scratch, 0);
  const normed = take(tokens * columns * 4);
  kernels.rmsNorm(x, file, normed, tokens, columns, 1e-5);
  kernels.rope(normed, tokens, columns / headDim, headDim, take(tokens * headDim * 8), 0);
  kernels.rope(normed, tokens, columns / headDim, headDim, take(tokens * headDim * 8), 1);
  const [keys, values] = [take(16 * headDim * 4), take(16 * headDim * 4)];
  const heads = columns / headDim;
  kernels.storeKeysValues(x, normed, columns * 4, tokens, 1, keys, values, 3, headDim);
  const attended = () => take(tokens * columns * 4);
  kernels.attend(x, attended(), columns * 4, tokens, heads, keys, values, headDim * 32, 3, headDim, scratch);
  const [keysEach, valuesEach] = [take(16 * columns * 4), take(16 * columns * 4)];
  kernels.storeKeysValues(x, normed, columns * 4, tokens, heads, keysEach, valuesEach, 3, headDim);
  kernels.attendAll(x, attended(), heads, 1, 1, 1, keysEach, valuesEach, 3 + tokens - 1, headDim, scratch);
  kernels.attendAll(x, attended(), 1, heads, 1, 1, keys, values, 3 + tokens - 1, headDim, scratch);
  kernels.siluMul(x, normed, take(tokens * columns * 4), tokens * columns);
  kernels.geluMul(x, normed, take(tokens * columns * 4), tokens * columns);
  kernels.add(x, normed, tokens * columns);
  floats[floats.length - 2] = kernels.prepareLogits(x, tokens * columns - 3);
  floats[floats.length - 1] = kernels.sumOfExponentials(x, tokens * columns - 3, 1);
  kernels.topK(x, tokens * columns - 3, 9, 0, take(9 * 8), take(topKScratchBytes(tokens * columns)));
  expect(next).toBeLessThan(region + REGION_BYTES - 8);
  return bytes.slice();
}
const REGION_BYTES = 2 ** 18;

test.each(['relaxed', 'plain'] as const)('%s kernels do at the end of 4 GB what they do at its beginning', (build) => {
  const memory = kernelMemory(1);
  memory.grow(65535); // only reserved: pages that nobody touches take no memory
  const module = new WebAssembly.Module({ relaxed, plain }[build]);
  const low = runAll(module, memory, 65536);
  expect(low.some((byte) => byte !== 0)).toBe(true);
  for (const region of [2 ** 31 - REGION_BYTES / 2, MAX_MEMORY_BYTES - REGION_BYTES]) {
    expect(Buffer.compare(runAll(module, memory, region), low)).toBe(0);
  }
});

test.each(['relaxed', 'plain'] as const)('%s products of a token are the same by one stream and by eight', (build) => {
  const [groups, blocks] = [19, 5];
  const memory = kernelMemory(4);
  const kernels = instantiate(new WebAssembly.Module({ relaxed, plain }[build]), memory);
  const [input, x, weight] = [65536, 66560, 67584];
  const out = weight + groups * blocks * 144;
  const bytes = new Uint8Array(memory.buffer);
  // Scales are f16 among them; keep them finite.
  for (let i = weight; i < out; i++) bytes[i] = (i * 7919 + (i >> 8)) & ((i - weight) % 144 < 16 ? 0x3f : 0xff);
  new Float32Array(memory.buffer, input, blocks * 32).forEach((_, i, floats) => {
    floats[i] = ((i * 7919) % 2003) / 1000 - 1;
  });
  kernels.quantise(input, x, 1, blocks);
  const rows = (): Uint32Array => new Uint32Array(memory.buffer, out, groups * 8).slice();
  kernels.matmulQ40(weight, groups, blocks, x, blocks * 40, 1, out, groups * 32, 0, 0);
  const one = rows();
  bytes.fill(0, out);
  kernels.matvecQ40Streams(weight, groups, blocks, x, out);
  expect(rows()).toEqual(one);
  expect(new Set(one).size).toBeGreaterThan(groups);
});
