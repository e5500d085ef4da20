// How weights are packed: f32, f16, and GGML's blocks of 32 values, q40 (18 bytes) and q80 (34 bytes). Knows bytes and
// numbers, neither files nor tensors. Little-endian machines only, like everything that WebAssembly runs on.

import type { Bytes } from '../units.ts';
import { decodeF16, encodeF16 } from './f16.ts';
import type { FloatType } from './header.ts';
import { UnquantisableError } from './model-errors.ts';

/** Values in a block: matrices of the quantised types have rows of whole blocks. */
export const BLOCK_VALUES = 32;

const layouts: Record<FloatType, { values: number; bytes: Bytes }> = {
  f32: { values: 1, bytes: 4 },
  f16: { values: 1, bytes: 2 },
  q40: { values: BLOCK_VALUES, bytes: 18 },
  q80: { values: BLOCK_VALUES, bytes: 34 },
};

/** How many values cannot be cut apart: 32 in the quantised types, else 1. */
export const blockValues = (type: FloatType): number => layouts[type].values;

/** The bytes that `count` values take; `count` is whole blocks. */
export function bytesOf(type: FloatType, count: number): Bytes {
  const { values, bytes } = layouts[type];
  if (count % values !== 0) throw new RangeError(`${count} values are not whole ${type} blocks of ${values}`);
  return (count / values) * bytes;
}

function checkLengths(type: FloatType, bytes: Uint8Array, values: Float32Array): void {
  const expected = bytesOf(type, values.length);
  if (bytes.length !== expected) {
    throw new RangeError(`${values.length} values are ${expected} bytes as ${type}, not ${bytes.length}`);
  }
}

/** Unpacks all of `bytes` into `target`. Exact: every packed value has an f32 of its own. */
export function dequantise(type: FloatType, bytes: Uint8Array, target: Float32Array): void {
  checkLengths(type, bytes, target);
  if (type === 'f32') new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
  else if (type === 'f16') for (let i = 0; i < target.length; i++) target[i] = f16At(bytes, 2 * i);
  else if (type === 'q40') dequantiseQ40(bytes, target);
  else dequantiseQ80(bytes, target);
}

/** Packs all of `values` into `target`. Rejects what the type cannot hold: NaN, infinities, scales past f16. */
export function quantise(type: FloatType, values: Float32Array, target: Uint8Array): void {
  checkLengths(type, target, values);
  if (type === 'f32') target.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  else if (type === 'f16') quantiseF16(values, target);
  else if (type === 'q40') quantiseQ40(values, target);
  else quantiseQ80(values, target);
}

const f16At = (bytes: Uint8Array, at: number): number => decodeF16(bytes[at] | (bytes[at + 1] << 8));

function dequantiseQ40(bytes: Uint8Array, target: Float32Array): void {
  for (let at = 0, i = 0; i < target.length; at += 18, i += 32) {
    const d = f16At(bytes, at);
    for (let j = 0; j < 16; j++) {
      const pair = bytes[at + 2 + j];
      target[i + j] = ((pair & 15) - 8) * d;
      target[i + 16 + j] = ((pair >>> 4) - 8) * d;
    }
  }
}

function dequantiseQ80(bytes: Uint8Array, target: Float32Array): void {
  for (let at = 0, i = 0; i < target.length; at += 34, i += 32) {
    const d = f16At(bytes, at);
    for (let j = 0; j < 32; j++) target[i + j] = ((bytes[at + 2 + j] << 24) >> 24) * d;
  }
}

function quantiseF16(values: Float32Array, target: Uint8Array): void {
  for (let i = 0; i < values.length; i++) {
    const bits = encodeF16(values[i]);
    if ((bits & 0x7c00) === 0x7c00) throw new UnquantisableError(`value ${i}`, 'f16', `${values[i]} is past ±65,504`);
    target[2 * i] = bits & 255;
    target[2 * i + 1] = bits >>> 8;
  }
}

// Both encoders follow GGML's reference code in 32-bit floats: the scale d is rounded to f16 for the file, but the codes
// are made with 1/d from *before* that rounding. So the files equal those of the C++ and Python converters.
const fround = Math.fround;

/** The block's first value of largest magnitude, with its sign; NaN if there is one. */
function extreme(values: Float32Array, start: number): number {
  let found = 0;
  let magnitude = 0;
  for (let i = start; i < start + BLOCK_VALUES; i++) {
    const value = values[i];
    if (Number.isNaN(value)) return value;
    if (Math.abs(value) > magnitude) {
      magnitude = Math.abs(value);
      found = value;
    }
  }
  return found;
}

function writeScale(type: FloatType, d: number, target: Uint8Array, at: number, block: number): void {
  const bits = encodeF16(d);
  if ((bits & 0x7c00) === 0x7c00) {
    throw new UnquantisableError(`block ${block}`, type, `its scale ${d} is not a finite 16-bit number`);
  }
  target[at] = bits & 255;
  target[at + 1] = bits >>> 8;
}

/** The value of largest magnitude becomes nibble 0, which means −8·d: one more level than +7·d would give. */
function quantiseQ40(values: Float32Array, target: Uint8Array): void {
  for (let at = 0, i = 0; i < values.length; at += 18, i += 32) {
    const d = fround(extreme(values, i) / -8);
    const inverse = d === 0 ? 0 : fround(1 / d);
    writeScale('q40', d, target, at, i / 32);
    for (let j = 0; j < 16; j++) {
      target[at + 2 + j] = nibble(values[i + j], inverse) | (nibble(values[i + 16 + j], inverse) << 4);
    }
  }
}

function nibble(value: number, inverse: number): number {
  const level = fround(fround(value * inverse) + 8.5);
  if (level >= 15) return 15;
  return level > 0 ? Math.floor(level) : 0; // 0 also where 1/d overflowed and the product is NaN: d is 0 in f16 there
}

function quantiseQ80(values: Float32Array, target: Uint8Array): void {
  for (let at = 0, i = 0; i < values.length; at += 34, i += 32) {
    const d = fround(Math.abs(extreme(values, i)) / 127);
    const inverse = d === 0 ? 0 : fround(1 / d);
    writeScale('q80', d, target, at, i / 32);
    for (let j = 0; j < 32; j++) {
      const level = fround(values[i + j] * inverse);
      // Halves go away from zero as C's roundf does; Math.round would send −2.5 to −2. NaN becomes 0.
      const code = level < 0 ? -Math.floor(0.5 - level) : Math.floor(level + 0.5);
      target[at + 2 + j] = Math.max(-127, Math.min(127, code)) || 0;
    }
  }
}
