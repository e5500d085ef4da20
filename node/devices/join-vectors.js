// V8 can join pairs of WASM's 128-bit operations into AVX2's 256-bit ones, which makes matmuls 1.2 to 1.6 times as fast.
// An engine that does not know the flag complains on standard error, so only versions that do are given it: those of
// Node 24 to 26. The device contract runs with the code that comes of it (cpu-device.optimised.test.ts).
// Plain JavaScript, as the launcher needs it before anything is compiled: what V8 keeps is kept by flags.

import { setFlagsFromString } from 'node:v8';

export const JOINS_VECTORS = process.arch === 'x64' && /^1[34]\./.test(process.versions.v8);
if (JOINS_VECTORS) setFlagsFromString('--experimental-wasm-revectorize');
