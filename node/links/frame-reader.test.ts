import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EmptyFrameError, FrameTooLargeError } from '../../shared/mesh/link-errors.ts';
import { FrameReader } from './frame-reader.ts';

const framed = (frames: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      return [length, frame];
    }),
  );

/** What the reader finds when the bytes come in chunks of these sizes, over and over. */
function read(bytes: Uint8Array, sizes: readonly number[], limit = 1000): { frames: Uint8Array[]; held: number } {
  const reader = new FrameReader('peer', limit);
  const frames: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + sizes[i % sizes.length];
    reader.add(bytes.subarray(at, end));
    for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame);
    at = end;
  }
  return { frames, held: reader.heldBytes };
}

const anySizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
const anyFrames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 120 }), { maxLength: 12 });

test('frames are found however the bytes are cut', () => {
  fc.assert(
    fc.property(anyFrames, anySizes, fc.nat(200), (expected, sizes, cut) => {
      const bytes = framed(expected);
      const { frames, held } = read(bytes, sizes);
      expect(frames.map((frame) => [...frame])).toEqual(expected.map((frame) => [...frame]));
      expect(held).toBe(0);
      // Without its last bytes: the whole ones, and the rest is still awaited.
      const short = read(bytes.subarray(0, Math.max(0, bytes.length - cut)), sizes);
      expect(framed(short.frames)).toHaveLength(Math.max(0, bytes.length - cut) - short.held);
    }),
  );
});

test('several frames may come before the first is asked for', () => {
  fc.assert(
    fc.property(anyFrames, anySizes, (expected, sizes) => {
      const reader = new FrameReader('peer', 1000);
      const bytes = framed(expected);
      for (let at = 0, i = 0; at < bytes.length; i++) {
        reader.add(bytes.subarray(at, at + sizes[i % sizes.length]));
        at += sizes[i % sizes.length];
      }
      const frames = expected.map(() => reader.next());
      expect(frames.map((frame) => frame && [...frame])).toEqual(expected.map((frame) => [...frame]));
      expect(reader.next()).toBeUndefined();
    }),
  );
});

test('any bytes are frames, a part of one, or refused, and never more is kept than came', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), anySizes, (bytes, sizes) => {
      try {
        const { frames, held } = read(bytes, sizes);
        expect(framed(frames).length + held).toBe(bytes.length);
      } catch (error) {
        expect(error instanceof FrameTooLargeError || error instanceof EmptyFrameError).toBe(true);
      }
    }),
  );
});

test('a claimed length is checked as soon as it is there', () => {
  const claim = Uint8Array.of(0, 0, 0, 0x80);
  expect(() => read(claim, [1])).toThrow(FrameTooLargeError);
  expect(() => read(claim, [1])).toThrow('peer announced a frame of 2,147,483,648 bytes, of 1,000 allowed; ');
  expect(() => read(new Uint8Array(4), [3])).toThrow(EmptyFrameError);
});
