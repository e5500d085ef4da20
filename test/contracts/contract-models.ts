// The tiny models that every device must run: each weight type with each architecture, in awkward shapes. Awkward means
// what a kernel's main loop does not cover: widths that are not multiples of 256, odd counts of heads and of blocks,
// a q that is wider or narrower than the model, a vocabulary that is not a multiple of 8.

import type { FloatType, ModelHeader } from '../../shared/model/header.ts';
import type { Model } from '../../shared/model/model.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';

type Overrides = Partial<ModelHeader>;

const shapes: Overrides[] = [
  { dim: 96, heads: 3, kvHeads: 1, headDim: 32, hiddenDim: 160, vocabSize: 101 },
  { dim: 160, heads: 6, kvHeads: 2, headDim: 64, hiddenDim: 224, vocabSize: 77 },
  { dim: 288, heads: 9, kvHeads: 3, headDim: 32, hiddenDim: 352, vocabSize: 203 },
  { dim: 64, heads: 2, kvHeads: 2, headDim: 128, hiddenDim: 96, vocabSize: 50 },
];

// So short an original length puts pairs into all three branches of the scaling.
const llama31: Overrides = {
  architecture: 'llama',
  ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 64 },
};
const architectures: [string, Overrides][] = [
  ['llama', { architecture: 'llama' }],
  ['llama 3.1', llama31],
  ['qwen3', { architecture: 'qwen3' }],
];
const weightTypes: FloatType[] = ['f32', 'f16', 'q40', 'q80'];

export interface ContractModel {
  readonly title: string;
  readonly overrides: Overrides;
  readonly weightType: FloatType;
}

export const contractModels: readonly ContractModel[] = [
  ...weightTypes.flatMap((weightType, t) =>
    architectures.map(([architecture, overrides], a) =>
      contractModel(`${weightType} ${architecture}`, { ...shapes[(t + a) % shapes.length], ...overrides, weightType }),
    ),
  ),
  contractModel('q40 llama with gelu', { ...shapes[0], activation: 'gelu', weightType: 'q40' }),
];

/** The models for what must hold whatever the weight type: one with blocks, one without. */
export const variedModels: readonly ContractModel[] = [
  contractModel('q40 llama', { ...shapes[0], weightType: 'q40' }),
  contractModel('f32 qwen3', { ...shapes[1], architecture: 'qwen3', weightType: 'f32' }),
];

/** Models whose heads and blocks can be cut into many uneven parts. */
export const shardedModels: readonly ContractModel[] = [
  contractModel('q40 llama of 9 heads, 3 kv heads', { ...shapes[2], weightType: 'q40' }),
  contractModel('q80 qwen3 of 6 heads, 2 kv heads', { ...shapes[1], architecture: 'qwen3', weightType: 'q80' }),
  contractModel('f16 llama of 3 heads, 1 kv head', { ...shapes[0], weightType: 'f16' }),
];

const opened = new Map<ContractModel, Promise<Model>>();

/** The model itself, made once a test run. */
export function openModel(contractModel: ContractModel): Promise<Model> {
  const model = opened.get(contractModel) ?? tinyModel(contractModel.overrides, 7).then((tiny) => tiny.model);
  opened.set(contractModel, model);
  return model;
}

function contractModel(kind: string, overrides: Overrides & { weightType: FloatType }): ContractModel {
  const { dim, heads, headDim, weightType } = overrides;
  return { title: `${kind}, dim ${dim}, ${heads}×${headDim}`, overrides, weightType };
}
