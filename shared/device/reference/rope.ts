// Rotates the pairs of each head by position · frequency, in place.

import type { RopeOp } from '../../program/program.ts';
import type { Place } from './attention.ts';
import type { FloatBuffer } from './buffers.ts';

export function rope(buffer: FloatBuffer, places: readonly Place[], op: RopeOp): void {
  const { headDim, style, frequencies } = op;
  const [stride, distance] = style === 'neighbours' ? [2, 1] : [1, headDim / 2];
  places.forEach(({ position }, t) => {
    for (let head = t * buffer.width; head < (t + 1) * buffer.width; head += headDim) {
      frequencies.forEach((frequency, pair) => {
        rotate(buffer.values, head + pair * stride, distance, position * frequency);
      });
    }
  });
}

function rotate(values: Float32Array, first: number, distance: number, angle: number): void {
  const x = values[first];
  const y = values[first + distance];
  values[first] = x * Math.cos(angle) - y * Math.sin(angle);
  values[first + distance] = x * Math.sin(angle) + y * Math.cos(angle);
}
