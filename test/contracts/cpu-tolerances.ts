// How far the cpu device may be from the reference, whichever of its builds and however many its threads.

import type { Tolerances } from './device.ts';
import type { OpTolerances } from './ops.ts';

// Keys and values are kept in f16, which the reference does not do: that is the most of it where weights are floats. The
// rest is f32 sums in another order than the reference's f64. With quantised activations, one that lies on the edge
// between two quants may fall either way, which is worth up to 5e-4.
const toReference = { f32: 5e-7, f16: 5e-7, q40: 1e-3, q80: 1e-3 };
// Where sums of another order put a key on the other side of an edge between two halves.
const toItself = { f32: 1e-8, f16: 1e-8, q40: 5e-4, q80: 5e-4 };

export const cpuTolerances: Tolerances = { logits: toReference, consistency: toItself };
export const opTolerances: OpTolerances = { default: 1e-10, attention: 5e-7, quantise: 1e-5 };
