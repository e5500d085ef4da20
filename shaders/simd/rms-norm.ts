// rms-norm: each run of `width` floats is divided by its root mean square and multiplied by `gain`.

import { sumLanes } from './vector';

/** input and out: `runs`·`width` f32, may be the same. */
export function rmsNorm(input: usize, gain: usize, out: usize, runs: usize, width: usize, epsilon: f32): void {
  const bytes = width * 4;
  for (let run: usize = 0; run < runs; run++) {
    let even = f32x4.splat(0);
    let odd = even;
    let i: usize = 0;
    for (; i + 32 <= bytes; i += 32) {
      const a = v128.load(input + i);
      const b = v128.load(input + i, 16);
      even = f32x4.add(even, f32x4.mul(a, a));
      odd = f32x4.add(odd, f32x4.mul(b, b));
    }
    for (; i + 16 <= bytes; i += 16) {
      const a = v128.load(input + i);
      even = f32x4.add(even, f32x4.mul(a, a));
    }
    let sum = sumLanes(f32x4.add(even, odd));
    for (; i < bytes; i += 4) sum += load<f32>(input + i) * load<f32>(input + i);
    const factor: f32 = 1 / sqrt<f32>(sum / f32(width) + epsilon);
    const factors = f32x4.splat(factor);
    for (i = 0; i + 16 <= bytes; i += 16) {
      v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(input + i), factors), v128.load(gain + i)));
    }
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(input + i) * factor * load<f32>(gain + i));
    input += bytes;
    out += bytes;
  }
}
