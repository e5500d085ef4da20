// How activations lie in a message: as they are, or in blocks of 32 integers with a scale. Knows numbers and bytes, no links.

import { decodeF16, encodeF16 } from '../model/f16.ts';
import type { Bytes } from '../units.ts';

export interface VectorCodec {
  readonly name: 'f32' | 'q80' | 'q16';
  /** Of `count` values; whole blocks of 32. */
  bytes(count: number): Bytes;
  /** The values [start, end) as bytes of their own. */
  encode(values: Float32Array, start: number, end: number): Uint8Array<ArrayBuffer>;
  /** Puts the values at `start` and on. Throws a WrongLengthError if they are not `end` − `start`. */
  decode(bytes: Uint8Array, target: Float32Array, start: number, end: number): void;
  /** Adds them to what is there instead. */
  add(bytes: Uint8Array, target: Float32Array, start: number, end: number): void;
}

/** A message has not the length that it must have. A mistake in the program, or a peer of another version. */
export class WrongLengthError extends Error {
  constructor(expected: Bytes, found: Bytes) {
    super(`a message of activations has ${found} bytes where ${expected} were expected`);
    this.name = 'WrongLengthError';
  }
}

const BLOCK = 32;

function assertLength(codec: VectorCodec, bytes: Uint8Array, count: number): void {
  const expected = codec.bytes(count);
  if (bytes.length !== expected) throw new WrongLengthError(expected, bytes.length);
}

/** Exact. */
export const f32Codec: VectorCodec = {
  name: 'f32',
  bytes: (count) => count * 4,
  encode: (values, start, end) => new Uint8Array(values.slice(start, end).buffer as ArrayBuffer),
  decode(bytes, target, start, end) {
    assertLength(f32Codec, bytes, end - start);
    target.set(new Float32Array(bytes.slice().buffer), start);
  },
  add(bytes, target, start, end) {
    assertLength(f32Codec, bytes, end - start);
    const values = new Float32Array(bytes.slice().buffer);
    for (let i = 0; i < values.length; i++) target[start + i] += values[i];
  },
};

/**
 * Blocks of 32 integers of `largest` at most and a scale, all scales first. A block with a value that is no finite
 * number comes out as NaN, so that a broken model shows.
 */
function blockCodec(
  name: 'q80' | 'q16',
  largest: number,
  scaleBytes: number,
  integerBytes: number,
  writeScale: (view: DataView, at: number, scale: number) => number,
  readScale: (view: DataView, at: number) => number,
): VectorCodec {
  const integersOf = (bytes: Uint8Array<ArrayBuffer>, blocks: number): Int8Array | Int16Array =>
    integerBytes === 1
      ? new Int8Array(bytes.buffer, bytes.byteOffset + blocks * scaleBytes, blocks * BLOCK)
      : new Int16Array(bytes.buffer, bytes.byteOffset + blocks * scaleBytes, blocks * BLOCK);
  const codec: VectorCodec = {
    name,
    bytes: (count) => (count / BLOCK) * (scaleBytes + BLOCK * integerBytes),
    encode(values, start, end) {
      const blocks = (end - start) / BLOCK;
      const bytes = new Uint8Array(codec.bytes(end - start));
      const view = new DataView(bytes.buffer);
      const integers = integersOf(bytes, blocks);
      const offset = largest + 1.5; // makes truncation round to the nearest
      for (let block = 0, i = start, to = 0; block < blocks; block++) {
        let most = 0;
        let sum = 0;
        for (let j = i; j < i + BLOCK; j++) {
          const value = Math.abs(values[j]);
          if (value > most) most = value;
          sum += value;
        }
        const scale = writeScale(view, block * scaleBytes, sum - sum === 0 ? most / largest : Number.NaN);
        const inverse = scale > 0 ? 1 / scale : 0;
        for (let j = 0; j < BLOCK; j++) integers[to++] = ((values[i++] * inverse + offset) | 0) - (largest + 1);
      }
      return bytes;
    },
    decode(bytes, target, start, end) {
      each(bytes, start, end, (scale, integers, from, to) => {
        for (let j = 0; j < BLOCK; j++) target[to + j] = scale * integers[from + j];
      });
    },
    add(bytes, target, start, end) {
      each(bytes, start, end, (scale, integers, from, to) => {
        // Rounded as by decode: a rank that decodes a and adds b must get what one that decodes b and adds a gets.
        for (let j = 0; j < BLOCK; j++) target[to + j] += Math.fround(scale * integers[from + j]);
      });
    },
  };
  function each(
    bytes: Uint8Array,
    start: number,
    end: number,
    use: (scale: number, integers: Int8Array | Int16Array, from: number, to: number) => void,
  ): void {
    assertLength(codec, bytes, end - start);
    const aligned = integerBytes > 1 && bytes.byteOffset % integerBytes !== 0 ? bytes.slice() : bytes;
    const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.length);
    const blocks = (end - start) / BLOCK;
    const integers = integersOf(aligned as Uint8Array<ArrayBuffer>, blocks);
    for (let block = 0; block < blocks; block++) {
      use(readScale(view, block * scaleBytes), integers, block * BLOCK, start + block * BLOCK);
    }
  }
  return codec;
}

/** A byte a value, scales as f16: what devices compute with in q80. */
export const q80Codec = blockCodec(
  'q80',
  127,
  2,
  1,
  (view, at, scale) => {
    // Past f16 nothing could be sent, and a residual stream like that is broken anyway.
    const half = encodeF16(scale);
    view.setUint16(at, half, true);
    return decodeF16(half);
  },
  (view, at) => decodeF16(view.getUint16(at, true)),
);

/**
 * Two bytes a value. For the residual stream itself, of which a few channels are a hundred times larger than others:
 * a byte would blur their neighbours.
 */
export const q16Codec = blockCodec(
  'q16',
  32_767,
  4,
  2,
  (view, at, scale) => {
    view.setFloat32(at, scale, true);
    return view.getFloat32(at, true);
  },
  (view, at) => view.getFloat32(at, true),
);
