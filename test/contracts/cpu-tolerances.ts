// How far the cpu device may be from the reference, whichever of its builds and however many its threads.

import type { Tolerances } from './device.ts';
import type { OpTolerances } from './ops.ts';

// f32 sums in another order than the reference's f64; with quantised activations, one that lies on the edge between two
// quants may fall either way, which is worth up to 5e-5.
const byWeightType = { f32: 1e-10, f16: 1e-10, q40: 5e-4, q80: 5e-4 };

export const cpuTolerances: Tolerances = { logits: byWeightType, consistency: byWeightType };
export const opTolerances: OpTolerances = { default: 1e-10, quantise: 1e-5 };
