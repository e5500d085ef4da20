// Every kernel of the cpu device, one file an op. Addresses and strides are in bytes; memory is the caller's.
//
// Kernels work on vectors in pairs, 16 bytes apart, and load both of a pair before they store either: that is what an
// engine looks for that joins pairs into vectors of twice the width.

export { add } from './add';
export { attend, attendAll, storeKeysValues } from './attention';
export { matmulF16, matmulF32 } from './matmul-f32';
export { matmulQ40, matvecQ40Streams } from './matmul-q40';
export { matmulQ80 } from './matmul-q80';
export { packF16, packF32, packQ40, packQ80 } from './pack';
export { quantise } from './quantise';
export { rmsNorm } from './rms-norm';
export { rope } from './rope';
export { geluMul, siluMul } from './silu-mul';
export { prepareLogits, sumOfExponentials, topK } from './top-k';

/** The first address that the kernels' own data leaves free. */
export function heapBase(): usize {
  return __heap_base;
}
