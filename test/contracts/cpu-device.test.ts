// The cpu device, on real threads, against the reference: alone and cut into two and three.

import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { cpuTolerances, opTolerances } from './cpu-tolerances.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';

for (const threads of [1, 2, 3]) {
  const makeDevice = () => nodeCpuDevice(threads);
  deviceContract(`cpu with ${threads} threads`, makeDevice, cpuTolerances);
  opContract(`cpu with ${threads} threads`, makeDevice, opTolerances);
}
