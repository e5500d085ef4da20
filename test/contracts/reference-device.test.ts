// The reference device against formulas that share no code with it; the rest of the contract is as for any device.

import { referenceDevice } from '../../shared/device/reference/reference-device.ts';
import { deviceContract } from './device.ts';
import { opContract } from './ops.ts';
import { plainForward } from './plain-forward.ts';

deviceContract(
  'reference',
  async () => referenceDevice(),
  {
    // Activations that lie on the edge between two quants may fall either way in f32 and in f64.
    logits: { f32: 1e-12, f16: 1e-12, q40: 1e-5, q80: 1e-5 },
    consistency: { f32: 1e-12, f16: 1e-12, q40: 1e-5, q80: 1e-5 },
  },
  plainForward,
);

// Compared with itself this shows only that the cases are valid programs; quant and op values are tested beside the ops.
opContract('reference', async () => referenceDevice(), { default: 0 });
