// The rotary embedding's frequencies, as the model's header defines them. Knows no positions and no buffers.

import type { ModelHeader } from '../model/header.ts';

/**
 * Radians per position for each of the headDim/2 pairs: theta^(−2i/headDim) (Su et al. 2021, RoFormer), with Llama
 * 3.1's stretching of the low frequencies where the header asks for it.
 */
export function ropeFrequencies(header: ModelHeader): number[] {
  return Array.from({ length: header.headDim / 2 }, (_, pair) => {
    const frequency = header.ropeTheta ** ((-2 * pair) / header.headDim);
    const scaling = header.ropeScaling;
    if (!scaling) return frequency;
    const wavelength = (2 * Math.PI) / frequency;
    const { factor, lowFreqFactor, highFreqFactor, originalSeqLen } = scaling;
    if (wavelength < originalSeqLen / highFreqFactor) return frequency;
    if (wavelength > originalSeqLen / lowFreqFactor) return frequency / factor;
    const blend = (originalSeqLen / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return (1 - blend) * (frequency / factor) + blend * frequency;
  });
}
