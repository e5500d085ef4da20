// The cpu device, on real threads, against the reference: alone and cut into two and three, and in the build for engines
// without relaxed SIMD.

import { nodeCpuDevice, readKernels } from '../../node/devices/cpu-host.ts';
import { cpuTolerances, opTolerances } from './cpu-tolerances.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';

for (const threads of [1, 2, 3]) {
  const makeDevice = () => nodeCpuDevice(threads);
  deviceContract(`cpu with ${threads} threads`, makeDevice, cpuTolerances);
  opContract(`cpu with ${threads} threads`, makeDevice, opTolerances);
}

// Bytes that are no module are what an engine makes of instructions that it does not know.
const makePlainDevice = async () => nodeCpuDevice(2, { ...(await readKernels()), relaxed: new Uint8Array(8) });
deviceContract('cpu with 2 threads, without relaxed SIMD', makePlainDevice, cpuTolerances);
opContract('cpu with 2 threads, without relaxed SIMD', makePlainDevice, opTolerances);
