// A model's hyper-parameters, whatever file they came from, and what can be derived from them. Knows no file format.

export type FloatType = 'f32' | 'f16' | 'q40' | 'q80';
export type Architecture = 'llama' | 'qwen3' | 'qwen3-moe';
export type Activation = 'gelu' | 'silu';

/** `neighbours`: pairs (2i, 2i+1), Llama's permuted rows. `halves`: pairs (i, i + headDim/2). */
export type RopeStyle = 'neighbours' | 'halves';

/** Llama 3.1's stretching of the low rotary frequencies. */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalSeqLen: number;
}

export interface ModelHeader {
  readonly architecture: Architecture;
  readonly dim: number;
  /** Width of the dense feed-forward layer. */
  readonly hiddenDim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** 0 in dense models. */
  readonly experts: number;
  readonly activeExperts: number;
  readonly moeHiddenDim: number;
  readonly vocabSize: number;
  readonly seqLen: number;
  readonly activation: Activation;
  readonly ropeTheta: number;
  readonly ropeStyle: RopeStyle;
  readonly ropeScaling: RopeScaling | undefined;
  readonly weightType: FloatType;
  readonly normEpsilon: number;
}

/** Width of q and of the attention output: heads · headDim. */
export const qDim = (header: ModelHeader): number => header.heads * header.headDim;
/** Width of k and of v: kvHeads · headDim. */
export const kvDim = (header: ModelHeader): number => header.kvHeads * header.headDim;
