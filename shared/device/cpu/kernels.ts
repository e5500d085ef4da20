// The WASM kernels as TypeScript sees them, and the choice between the two builds. Knows no programs.
// Addresses, strides and sizes are in bytes; see shaders/simd for what each kernel expects.

export interface Kernels {
  add(buffer: number, addend: number, count: number): void;
  attend(
    q: number,
    out: number,
    stride: number,
    count: number,
    heads: number,
    keys: number,
    values: number,
    groupBytes: number,
    position: number,
    headDim: number,
    scratch: number,
  ): void;
  attendAll(
    q: number,
    out: number,
    heads: number,
    first: number,
    each: number,
    last: number,
    keys: number,
    values: number,
    position: number,
    headDim: number,
    scratch: number,
  ): void;
  storeKeysValues(
    k: number,
    v: number,
    stride: number,
    count: number,
    heads: number,
    keys: number,
    values: number,
    position: number,
    headDim: number,
  ): void;
  matmulQ40: Matmul;
  matmulQ80: Matmul;
  matmulF16: Matmul;
  matmulF32: Matmul;
  /** For one token what matmulQ40 gives, to the bit, by several streams through memory in place of one. */
  matvecQ40Streams(weight: number, groups: number, blocks: number, x: number, out: number): void;
  packQ40: Pack;
  packQ80: Pack;
  packF16: Pack;
  packF32: Pack;
  quantise(input: number, out: number, rows: number, blocks: number): void;
  rmsNorm(input: number, gain: number, out: number, runs: number, width: number, epsilon: number): void;
  rope(buffer: number, tokens: number, heads: number, headDim: number, table: number, halves: number): void;
  siluMul(gate: number, up: number, out: number, count: number): void;
  geluMul(gate: number, up: number, out: number, count: number): void;
  prepareLogits(values: number, count: number): number;
  sumOfExponentials(values: number, count: number, largest: number): number;
  topK(values: number, count: number, k: number, first: number, out: number, scratch: number): void;
  heapBase(): number;
}

type Matmul = (
  weight: number,
  groups: number,
  /** Blocks of 32 columns of quantised weights, else columns. */
  units: number,
  x: number,
  xStride: number,
  tokens: number,
  out: number,
  outStride: number,
  scratch: number,
  /** 1 for tiles of sixteen rows instead of eight, where a kernel has them. */
  wide: number,
) => void;
type Pack = (from: number, stride: number, units: number, to: number) => void;

/** What a matmul needs of scratch: 64 unpacked blocks of eight rows, and the activations packed by four tokens. */
export const matmulScratchBytes = (tokens: number, columns: number): number =>
  64 * 288 + Math.floor(tokens / 4) * Math.ceil(columns / 32) * 160;

/** What top-k needs of scratch for a row of `count` logits: counters, blocks' maxima and twice a place and a key of each. */
export const topKScratchBytes = (count: number): number => 4096 + 17 * Math.ceil(count / 32) * 32;

export const PAGE_BYTES = 65536;
/** A 32-bit memory's end, less one page so that no address wraps. */
export const MAX_MEMORY_BYTES = 65535 * PAGE_BYTES;

/** The same kernels twice: with relaxed SIMD, and for engines that lack it or get it wrong. */
export interface KernelBuilds {
  readonly relaxed: Uint8Array;
  readonly plain: Uint8Array;
}

export interface ChosenKernels {
  readonly module: WebAssembly.Module;
  readonly build: 'relaxed' | 'plain';
}

/** The relaxed build where the engine takes it and its dot product passes a self-test, else the plain one. */
export function chooseKernels(builds: KernelBuilds): ChosenKernels {
  if (WebAssembly.validate(builds.relaxed)) {
    const module = new WebAssembly.Module(builds.relaxed);
    if (passesSelfTest(module)) return { module, build: 'relaxed' };
  }
  return { module: new WebAssembly.Module(builds.plain), build: 'plain' };
}

/** A memory that the kernels accept, of `pages` pages; the most that 32 bits address is only reserved. */
export const kernelMemory = (pages: number): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: pages, maximum: 65536 });

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory, abort: abortKernel } }).exports as Kernels;
}

function abortKernel(): never {
  throw new Error('A kernel stopped itself; this is a fault in Shoal');
}

/** Whether the engine gives the kernels' numbers; false too where it stops at an instruction, or a kernel is missing. */
export function passesSelfTest(module: WebAssembly.Module): boolean {
  try {
    return multipliesRight(module);
  } catch {
    return false;
  }
}

/**
 * Multiplies one block of sixteen rows by four tokens and compares with plain arithmetic, with bytes at both ends of
 * their ranges: Node 20's relaxed dot product, for one, gives wrong numbers.
 */
function multipliesRight(module: WebAssembly.Module): boolean {
  const memory = kernelMemory(2);
  const kernels = instantiate(module, memory);
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const weight = 16384;
  const groupBytes = 144;
  const x = weight + 1024;
  const xStride = 40;
  const out = x + 1024;
  const outStride = 64;
  const scratch = PAGE_BYTES;
  const nibble = (row: number, column: number) => (column % 5 === 0 ? 15 : (row * 7 + column * 3) % 16);
  const activation = (token: number, column: number) => [127, -127, -1, 64][(token + column) % 4];
  for (let row = 0; row < 16; row++) {
    const group = weight + (row >> 3) * groupBytes;
    const lane = row & 7;
    view.setUint16(group + lane * 2, row % 2 ? 0xbc00 : 0x3c00, true); // f16 −1 and 1
    for (let column = 0; column < 16; column++) {
      const byte = group + 16 + (column >> 2) * 32 + lane * 4 + (column & 3);
      bytes[byte] = nibble(row, column) | (nibble(row, column + 16) << 4);
    }
  }
  for (let token = 0; token < 4; token++) {
    let sum = 0;
    for (let column = 0; column < 32; column++) {
      view.setInt8(x + token * xStride + column, activation(token, column));
      sum += activation(token, column);
    }
    view.setFloat32(x + token * xStride + 32, 1, true);
    view.setInt32(x + token * xStride + 36, 0x4b400000 - 8 * sum, true);
  }
  const product = (tokens: number, wide: number) => (): void =>
    kernels.matmulQ40(weight, 2, 1, x, xStride, tokens, out, outStride, scratch, wide);
  for (const [tokens, multiply] of [
    [1, product(1, 0)],
    [1, () => kernels.matvecQ40Streams(weight, 2, 1, x, out)],
    [4, product(4, 0)],
    [4, product(4, 1)],
  ] as const) {
    multiply();
    for (let token = 0; token < tokens; token++) {
      for (let row = 0; row < 16; row++) {
        let expected = 0;
        for (let column = 0; column < 32; column++) expected += (nibble(row, column) - 8) * activation(token, column);
        if (row % 2) expected = -expected;
        if (view.getFloat32(out + token * outStride + row * 4, true) !== expected) return false;
      }
    }
  }
  return true;
}
