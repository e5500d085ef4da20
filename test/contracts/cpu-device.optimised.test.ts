// The cpu device again, with every kernel compiled by V8's optimising compiler from its first call. The tests' models are
// so small that V8 would run nearly all of them by its baseline compiler, but whoever waits for a model to answer waits
// for the optimised code: it is there that vectors are joined.

import { setFlagsFromString } from 'node:v8';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { cpuTolerances, opTolerances } from './cpu-tolerances.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';

setFlagsFromString('--no-liftoff');

const makeDevice = () => nodeCpuDevice(2);
deviceContract('cpu with 2 threads, optimised', makeDevice, cpuTolerances);
opContract('cpu with 2 threads, optimised', makeDevice, opTolerances);
