// Each op on numbers small enough to check by hand; whole models are checked in test/contracts.

import { describe, expect, it } from 'vitest';
import { quantise as quantiseBytes } from '../../model/quant.ts';
import { add } from './add.ts';
import { attention, Cache } from './attention.ts';
import { embedding } from './embedding.ts';
import { geluMul, siluMul } from './gated-activation.ts';
import { matmulBlocks, matmulFloats } from './matmul.ts';
import { pickRows } from './pick-rows.ts';
import { quantise } from './quantise.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';

const floats = (width: number, ...values: number[]) => ({ width, values: Float32Array.from(values) });
const zeros = (width: number, rows: number) => ({ width, values: new Float32Array(width * rows) });
const blocksFor = (width: number) => ({ width, scales: new Float32Array(width / 32), quants: new Int8Array(width) });
const rounded = (values: Float32Array): number[] => Array.from(values, (value) => Math.round(value * 1e5) / 1e5);

describe('embedding', () => {
  it('copies the rows of the tokens', () => {
    const out = zeros(2, 3);
    embedding([2, 0, 2], Float32Array.of(1, 2, 3, 4, 5, 6), out);
    expect([...out.values]).toEqual([5, 6, 1, 2, 5, 6]);
  });
});

describe('rms-norm', () => {
  it('divides by the root of the mean square', () => {
    const out = new Float32Array(2);
    rmsNorm(Float32Array.of(3, 4), Float32Array.of(1, 10), 0, out); // rms = √12.5
    expect(rounded(out)).toEqual([0.84853, 11.31371]);
  });

  it('norms each run of the gain alone, in place, and gives zeros for zeros', () => {
    const x = Float32Array.of(5, 5, 0, 0, -2, 2);
    rmsNorm(x, Float32Array.of(1, 2), 1e-5, x);
    expect(rounded(x)).toEqual([1, 2, 0, 0, -1, 2]);
  });
});

describe('quantise', () => {
  it('rounds halves away from zero', () => {
    const out = blocksFor(32);
    quantise(
      Float32Array.from({ length: 32 }, (_, i) => [127, 0.5, -0.5, 1.5, -2.5, 2.4, -126.6][i] ?? 0),
      out,
    );
    expect(out.scales[0]).toBe(1);
    expect([...out.quants.subarray(0, 8)]).toEqual([127, 1, -1, 2, -3, 2, -127, 0]);
  });

  it('keeps the scale as an f16, but makes the quants with the scale before rounding', () => {
    const out = blocksFor(32);
    const largest = 127 * 1.0004; // its scale lies between the f16s 1 and 1.000977
    quantise(new Float32Array(32).fill(largest), out);
    expect(out.scales[0]).toBe(1);
    expect(out.quants[0]).toBe(127);
  });

  it('gives zeros for zeros, and for what is too small for an f16 scale', () => {
    const out = blocksFor(64);
    quantise(new Float32Array(64).fill(1e-44, 32), out);
    expect([...out.scales]).toEqual([0, 0]);
    expect(out.quants.subarray(0, 32).every((quant) => quant === 0)).toBe(true);
  });

  it('makes the blocks that files have', () => {
    const input = Float32Array.from({ length: 32 * 50 }, (_, i) => Math.sin(i * i) * 2 ** ((i >> 5) % 20));
    const out = blocksFor(input.length);
    quantise(input, out);
    const bytes = new Uint8Array(50 * 34);
    quantiseBytes('q80', input, bytes);
    for (let block = 0; block < 50; block++) {
      const codes = new Int8Array(bytes.buffer, block * 34 + 2, 32);
      expect([...out.quants.subarray(block * 32, block * 32 + 32)]).toEqual([...codes]);
      expect(out.scales[block]).toBe(new DataView(bytes.buffer).getFloat16(block * 34, true));
    }
  });
});

describe('matmul', () => {
  it('multiplies each token with each row', () => {
    const out = zeros(3, 2);
    const weight = { rows: 3, columns: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    matmulFloats(floats(2, 1, 10, -1, 0.5), weight, out);
    expect([...out.values]).toEqual([21, 43, 65, 0, -1, -2]);
  });

  it('sums integers within blocks and scales them', () => {
    const out = zeros(1, 2);
    const weight = { rows: 1, columns: 64, scales: Float32Array.of(2, 0.5), quants: new Int8Array(64).fill(-8) };
    const input = {
      width: 64,
      scales: Float32Array.of(1, 4, 0.25, 0),
      quants: new Int8Array(128).fill(127, 0, 64).fill(1, 64),
    };
    matmulBlocks(input, weight, out);
    const block = -8 * 127 * 32;
    expect([...out.values]).toEqual([block * 2 + block * 0.5 * 4, -8 * 32 * 2 * 0.25]);
  });

  it('gives zeros where there are no columns', () => {
    const out = floats(2, 9, 9);
    matmulFloats(floats(0), { rows: 2, columns: 0, values: new Float32Array() }, out);
    expect([...out.values]).toEqual([0, 0]);
  });
});

describe('rope', () => {
  const quarterTurn = { op: 'rope', buffer: 'x', headDim: 4, frequencies: [Math.PI / 2, Math.PI] } as const;
  const places = [0, 1].map((position) => ({ slot: 0, position }));

  it('rotates neighbours', () => {
    const x = floats(4, 1, 2, 3, 4, 1, 2, 3, 4);
    rope(x, places, { ...quarterTurn, style: 'neighbours' });
    expect(rounded(x.values)).toEqual([1, 2, 3, 4, -2, 1, -3, -4]);
  });

  it('rotates halves, in each head', () => {
    const x = floats(8, 1, 2, 3, 4, 5, 6, 7, 8);
    rope(x, places.slice(1), { ...quarterTurn, style: 'halves' });
    expect(rounded(x.values)).toEqual([-3, -2, 1, -4, -7, -6, 5, -8]);
  });
});

describe('attention', () => {
  const op = { op: 'attention', q: 'q', k: 'k', v: 'v', out: 'out', layer: 0, headDim: 2 } as const;
  const spec = { layers: 1, kvHeads: 1, headDim: 2, seqLen: 4 };

  it('of the first position is its value', () => {
    const out = zeros(4, 1);
    const buffers = { q: floats(4, 1, 2, 3, 4), k: floats(2, 5, 6), v: floats(2, 7, 8), out };
    const heads = { heads: { start: 0, end: 2 }, kvHeads: { start: 0, end: 1 }, headsPerKvHead: 2 };
    attention({ ...op, ...heads }, buffers, [{ slot: 1, position: 0 }], new Cache(spec, 2));
    expect([...out.values]).toEqual([7, 8, 7, 8]);
  });

  it('weighs the values up to its own position by a softmax of q·k / √headDim', () => {
    const out = zeros(2, 2);
    const log3 = Math.log(3) * Math.SQRT2;
    const buffers = { q: floats(2, 1, 0, 1, 0), k: floats(2, 0, 9, log3, 9), v: floats(2, 4, 0, 0, 8), out };
    const heads = { heads: { start: 0, end: 1 }, kvHeads: { start: 0, end: 1 }, headsPerKvHead: 1 };
    const places = [0, 1].map((position) => ({ slot: 0, position }));
    attention({ ...op, ...heads }, buffers, places, new Cache(spec, 1));
    expect(rounded(out.values)).toEqual([4, 0, 1, 6]); // ¼ of the first, ¾ of the second
  });

  it('reads the kv heads of the rank’s own heads', () => {
    const out = zeros(6, 1);
    const buffers = { q: zeros(6, 1), k: zeros(4, 1), v: floats(4, 1, 2, 3, 4), out };
    // Heads 3 to 6 at two a kv head read kv heads 1, 2 and 2; the rank holds 1 and 2.
    const heads = { heads: { start: 3, end: 6 }, kvHeads: { start: 1, end: 3 }, headsPerKvHead: 2 };
    attention({ ...op, ...heads }, buffers, [{ slot: 0, position: 0 }], new Cache({ ...spec, kvHeads: 2 }, 1));
    expect([...out.values]).toEqual([1, 2, 3, 4, 3, 4]);
  });
});

describe('gated activations', () => {
  it('silu-mul', () => {
    const out = new Float32Array(4);
    siluMul(Float32Array.of(0, 1, -1, -200), Float32Array.of(5, 2, 1, 1), out);
    expect(rounded(out)).toEqual([0, 1.46212, -0.26894, -0]);
  });

  it('gelu-mul, in the tanh form', () => {
    const out = new Float32Array(4);
    geluMul(Float32Array.of(0, 1, -1, 3), Float32Array.of(5, 2, 1, 1), out);
    expect(rounded(out)).toEqual([0, 1.68238, -0.15881, 2.99636]);
  });
});

describe('add', () => {
  it('adds in place', () => {
    const x = Float32Array.of(1, 2);
    add(x, Float32Array.of(10, 20));
    expect([...x]).toEqual([11, 22]);
  });
});

describe('pick-rows', () => {
  it('keeps the last wanted rows of each run', () => {
    const request = { topK: 1, apart: [], full: false };
    const run = (slot: number, tokens: number, wanted: number) => {
      return { slot, position: 0, tokens: Array(tokens).fill(0), wanted: Array(wanted).fill(request) };
    };
    const out = zeros(1, 3);
    pickRows(floats(1, 0, 1, 2, 3, 4, 5), { runs: [run(0, 3, 2), run(1, 2, 0), run(2, 1, 1)] }, out);
    expect([...out.values]).toEqual([1, 2, 5]);
  });
});
