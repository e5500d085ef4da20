import { describe, expect, it } from 'vitest';
import type { ModelHeader } from '../model/header.ts';
import { ropeFrequencies } from './rope.ts';

// All of the header that frequencies depend on.
const header = (values: Pick<ModelHeader, 'headDim' | 'ropeTheta' | 'ropeScaling'>): ModelHeader =>
  values as ModelHeader;

const expectFrequencies = (actual: number[], expected: Record<number, number>): void => {
  for (const [pair, frequency] of Object.entries(expected)) {
    expect(actual[Number(pair)] / frequency, `pair ${pair}`).toBeCloseTo(1, 12);
  }
};

describe('ropeFrequencies', () => {
  it('are powers of theta', () => {
    const frequencies = ropeFrequencies(header({ headDim: 64, ropeTheta: 10000, ropeScaling: undefined }));
    expect(frequencies).toHaveLength(32);
    expectFrequencies(frequencies, { 0: 1, 1: 0.7498942093324559, 15: 0.01333521432163324, 31: 0.0001333521432163324 });
  });

  // The expected numbers come from Hugging Face's _compute_llama3_parameters, in double precision.
  it('are those of Llama 3.1 8B: kept, blended, divided', () => {
    const ropeScaling = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 8192 };
    expectFrequencies(ropeFrequencies(header({ headDim: 128, ropeTheta: 500000, ropeScaling })), {
      0: 1,
      1: 0.8146172338565447,
      16: 0.03760603093086393,
      28: 0.0032114459947525913,
      29: 0.002166570763503359,
      30: 0.0013718935677611381,
      32: 0.0005248461609929547,
      34: 0.00017850781276799638,
      35: 9.556212353964683e-5,
      36: 7.78465527393245e-5,
      48: 6.647869871181236e-6,
      63: 3.068925988914511e-7,
    });
  });

  it('are those of Llama 3.2 1B, whose factor is 32', () => {
    const ropeScaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 8192 };
    expectFrequencies(ropeFrequencies(header({ headDim: 64, ropeTheta: 500000, ropeScaling })), {
      14: 0.0032114459947525913,
      15: 0.001290547928209264,
      16: 0.00042955679655936815,
      17: 9.70828780262767e-5,
      18: 1.9461638184831125e-5,
      31: 9.418306725434909e-8,
    });
  });
});
