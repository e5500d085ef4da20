// The cpu device, on real threads, against the reference: alone and cut into two and three.

import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';

// f32 sums in another order than the reference's f64; with quantised activations, one that lies on the edge between two
// quants may fall either way, which is worth up to 5e-5.
const tolerance = { f32: 1e-10, f16: 1e-10, q40: 5e-4, q80: 5e-4 };

for (const threads of [1, 2, 3]) {
  const makeDevice = () => nodeCpuDevice(threads);
  deviceContract(`cpu with ${threads} threads`, makeDevice, { logits: tolerance, consistency: tolerance });
  opContract(`cpu with ${threads} threads`, makeDevice, { default: 1e-10, quantise: 1e-5 });
}
