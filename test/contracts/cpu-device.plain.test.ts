// The cpu device once more, in the build for engines without relaxed SIMD.

import { nodeCpuDevice, readKernels } from '../../node/devices/cpu-host.ts';
import { cpuTolerances, opTolerances } from './cpu-tolerances.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';

// Bytes that are no module are what an engine makes of instructions that it does not know.
const makeDevice = async () => nodeCpuDevice(2, { ...(await readKernels()), relaxed: new Uint8Array(8) });
deviceContract('cpu with 2 threads, without relaxed SIMD', makeDevice, cpuTolerances);
opContract('cpu with 2 threads, without relaxed SIMD', makeDevice, opTolerances);
