import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeF16 } from './f16.ts';
import type { FloatType } from './header.ts';
import { UnquantisableError } from './model-errors.ts';
import { bytesOf, dequantise, quantise } from './quant.ts';

const TYPES: FloatType[] = ['f32', 'f16', 'q40', 'q80'];

function packed(type: FloatType, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(bytesOf(type, values.length));
  quantise(type, values, bytes);
  return bytes;
}

function unpacked(type: FloatType, bytes: Uint8Array, count: number): Float32Array {
  const values = new Float32Array(count);
  dequantise(type, bytes, values);
  return values;
}

const block = fc
  .tuple(
    fc.float32Array({ minLength: 32, maxLength: 32, min: -1, max: 1, noNaN: true }),
    fc.integer({ min: -8, max: 12 }),
  )
  .map(([values, exponent]) => values.map((value) => value * 2 ** exponent));

test('sizes are those of the file format', () => {
  expect(TYPES.map((type) => bytesOf(type, 64))).toEqual([256, 128, 36, 68]);
  expect(() => bytesOf('q40', 33)).toThrow(RangeError);
});

describe('q40', () => {
  test('byte j holds value j below and value j + 16 above, offset by 8', () => {
    const values = Float32Array.from({ length: 32 }, (_, i) => (i % 16) - 8);
    const bytes = packed('q40', values);
    expect([bytes[0], bytes[1]]).toEqual([0x00, 0x3c]); // d = -8 / -8 = 1
    expect([...bytes.subarray(2)]).toEqual(Array.from({ length: 16 }, (_, j) => j * 17));
    expect(unpacked('q40', bytes, 32)).toEqual(values);
  });

  test('the codes are made with the scale before its rounding to f16, as in GGML', () => {
    // d = 1.0004 / -8 rounds to -0.125 in f16. With that, 0.5627 / d + 8.5 would be 3.9984; before rounding it is 4.0002.
    const values = new Float32Array(32);
    values[0] = 1.0004;
    values[1] = 0.5627;
    const bytes = packed('q40', values);
    expect(bytes[0] | (bytes[1] << 8)).toBe(encodeF16(-0.125));
    expect(bytes[3] & 15).toBe(4);
  });

  test('an all-zero block has scale −0, as GGML writes it, and codes 8', () => {
    expect([...packed('q40', new Float32Array(32))]).toEqual([0x00, 0x80, ...Array(16).fill(0x88)]);
  });

  test('the error is at most one step where +8·d is missing, else half a step', () => {
    fc.assert(
      fc.property(block, (values) => {
        const step = Math.max(...values.map(Math.abs)) / 8;
        const again = unpacked('q40', packed('q40', values), 32);
        // f16 keeps 11 bits of the scale, which moves a value of 8 steps by up to 8/2048 of a step; below 2^-14 less.
        for (let i = 0; i < 32; i++) expect(Math.abs(again[i] - values[i])).toBeLessThanOrEqual(step * 1.01 + 2 ** -22);
      }),
    );
  });
});

describe('q80', () => {
  test('values are signed bytes times the scale', () => {
    const values = Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? -127 : i * 4));
    const bytes = packed('q80', values);
    expect([bytes[0], bytes[1], bytes[3], bytes[33]]).toEqual([0x00, 0x3c, 4, 0x81]);
    expect(unpacked('q80', bytes, 32)).toEqual(values);
  });

  test('halves go away from zero', () => {
    const values = new Float32Array(32);
    values.set([127, 2.5, -2.5, 3.5, -0.5]);
    expect([...new Int8Array(packed('q80', values).slice(3, 7))]).toEqual([3, -3, 4, -1]);
  });

  test('the error is at most half a step', () => {
    fc.assert(
      fc.property(block, (values) => {
        const step = Math.max(...values.map(Math.abs)) / 127;
        const again = unpacked('q80', packed('q80', values), 32);
        for (let i = 0; i < 32; i++) expect(Math.abs(again[i] - values[i])).toBeLessThanOrEqual(step * 0.57 + 2 ** -18);
      }),
    );
  });
});

test('packing what was unpacked loses nothing more', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), block, (type, values) => {
      const once = unpacked(type, packed(type, values), 32);
      // Compared as numbers: a zero may lose its sign.
      expect(unpacked(type, packed(type, once), 32).every((value, i) => value === once[i])).toBe(true);
    }),
  );
});

test('values too small for any scale become zero, not nonsense', () => {
  for (const type of ['q40', 'q80'] as const) {
    const values = new Float32Array(32).fill(1e-42);
    values[5] = 0;
    expect(unpacked(type, packed(type, values), 32).every((value) => value === 0)).toBe(true);
  }
});

test('what a type cannot hold is refused', () => {
  for (const bad of [Number.NaN, Infinity, 1e9]) {
    const values = new Float32Array(64);
    values[40] = bad;
    for (const type of ['f16', 'q40', 'q80'] as const) {
      expect(() => packed(type, values), `${bad} as ${type}`).toThrow(UnquantisableError);
    }
  }
});

test('unaligned bytes are no obstacle', () => {
  const bytes = new Uint8Array(9).subarray(1);
  quantise('f32', Float32Array.of(1.5, -2), bytes);
  expect([...unpacked('f32', bytes, 2)]).toEqual([1.5, -2]);
});
