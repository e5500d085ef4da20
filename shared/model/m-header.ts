// The `.m` header: what its numbered keys mean, both ways. Knows no tensors. Where a file may leave a key out, the
// defaults are those of distributed-llama, whose files these are.

import type { Activation, Architecture, FloatType, ModelHeader, RopeScaling, RopeStyle } from './header.ts';
import { checkHeader } from './header-rules.ts';
import { BadHeaderError, MissingHeaderKeyError, NotExpressibleError } from './model-errors.ts';

export const M_MAGIC = 0x0a00abcd;

const KEY = {
  version: 0,
  architecture: 1,
  dim: 2,
  hiddenDim: 3,
  layers: 4,
  heads: 5,
  kvHeads: 6,
  experts: 7,
  activeExperts: 8,
  vocabSize: 9,
  seqLen: 10,
  activation: 11,
  ropeTheta: 12,
  weightType: 13,
  scalingFactor: 14,
  scalingLow: 15,
  scalingHigh: 16,
  scalingSeqLen: 17,
  ropeType: 18,
  headDim: 19,
  normEpsilon: 20,
  moeHiddenDim: 21,
} as const;

export const M_KEY_MEANINGS: ReadonlyMap<number, string> = new Map([
  [KEY.version, 'version'],
  [KEY.architecture, 'architecture'],
  [KEY.dim, 'dim'],
  [KEY.hiddenDim, 'hidden dim'],
  [KEY.layers, 'number of layers'],
  [KEY.heads, 'number of heads'],
  [KEY.kvHeads, 'number of kv heads'],
  [KEY.experts, 'number of experts'],
  [KEY.activeExperts, 'number of active experts'],
  [KEY.vocabSize, 'vocab size'],
  [KEY.seqLen, 'sequence length'],
  [KEY.activation, 'hidden activation'],
  [KEY.ropeTheta, 'rope theta'],
  [KEY.weightType, 'weight type'],
  [KEY.scalingFactor, 'rope scaling factor'],
  [KEY.scalingLow, 'rope scaling low frequency factor'],
  [KEY.scalingHigh, 'rope scaling high frequency factor'],
  [KEY.scalingSeqLen, 'rope scaling original sequence length'],
  [KEY.ropeType, 'rope type'],
  [KEY.headDim, 'head dim'],
  [KEY.normEpsilon, 'norm epsilon'],
  [KEY.moeHiddenDim, 'MoE hidden dim'],
]);

const ARCHITECTURES = new Map<number, Architecture>([
  [0xabcd00, 'llama'],
  [0xabcd01, 'qwen3'],
  [0xabcd02, 'qwen3-moe'],
]);
const FLOAT_TYPES: readonly FloatType[] = ['f32', 'f16', 'q40', 'q80'];
const ACTIVATIONS: readonly Activation[] = ['gelu', 'silu'];
const ROPE_LLAMA = 0;
const ROPE_FALCON = 1;
const ROPE_LLAMA_3_1 = 2;

type Pairs = ReadonlyMap<number, number>;

/** The header that the pairs mean, checked against all rules. */
export function headerFromPairs(pairs: Pairs, file: string): ModelHeader {
  const need = (key: number): number => {
    const value = pairs.get(key);
    if (value === undefined) throw new MissingHeaderKeyError(file, key, M_KEY_MEANINGS.get(key) ?? '');
    return value;
  };
  const choose = <T>(key: number, value: number, options: ReadonlyMap<number, T> | readonly T[]): T => {
    const chosen = Array.isArray(options) ? options[value] : (options as ReadonlyMap<number, T>).get(value);
    if (chosen === undefined) throw new BadHeaderError(file, `${M_KEY_MEANINGS.get(key)} ${value} is unknown`);
    return chosen;
  };

  const version = pairs.get(KEY.version) ?? 0;
  if (version !== 0) throw new BadHeaderError(file, `version ${version} is not 0`, 'use a newer version of Shoal');
  const architecture = choose(KEY.architecture, need(KEY.architecture), ARCHITECTURES);
  const dim = need(KEY.dim);
  const heads = need(KEY.heads);
  const header: ModelHeader = {
    architecture,
    dim,
    hiddenDim: architecture === 'qwen3-moe' ? (pairs.get(KEY.hiddenDim) ?? 0) : need(KEY.hiddenDim),
    layers: need(KEY.layers),
    heads,
    kvHeads: need(KEY.kvHeads),
    headDim: pairs.get(KEY.headDim) || defaultHeadDim(dim, heads, file),
    experts: pairs.get(KEY.experts) ?? 0,
    activeExperts: pairs.get(KEY.activeExperts) ?? 0,
    moeHiddenDim: pairs.get(KEY.moeHiddenDim) ?? 0,
    vocabSize: need(KEY.vocabSize),
    seqLen: need(KEY.seqLen),
    activation: choose(KEY.activation, pairs.get(KEY.activation) ?? 1, ACTIVATIONS),
    ropeTheta: pairs.get(KEY.ropeTheta) ?? 10000,
    ...ropeFromPairs(pairs, architecture, file),
    weightType: choose(KEY.weightType, need(KEY.weightType), FLOAT_TYPES),
    normEpsilon: normEpsilonFrom(pairs.get(KEY.normEpsilon) ?? 5, file),
  };
  checkHeader(header, file);
  return header;
}

function defaultHeadDim(dim: number, heads: number, file: string): number {
  if (dim > 0 && heads > 0 && dim % heads !== 0) {
    throw new BadHeaderError(file, `dim ${dim} does not divide into ${heads} heads, and no head dim is given`);
  }
  return dim / heads; // nonsense where either is not positive; the rules say so
}

function normEpsilonFrom(exponent: number, file: string): number {
  if (exponent === 5) return 1e-5;
  if (exponent === 6) return 1e-6;
  throw new BadHeaderError(file, `norm epsilon ${exponent} is neither 5 (1e-5) nor 6 (1e-6)`);
}

function ropeFromPairs(
  pairs: Pairs,
  architecture: Architecture,
  file: string,
): { ropeStyle: RopeStyle; ropeScaling: RopeScaling | undefined } {
  const type = pairs.get(KEY.ropeType) ?? ROPE_LLAMA;
  if (type < ROPE_LLAMA || type > ROPE_LLAMA_3_1) throw new BadHeaderError(file, `rope type ${type} is unknown`);
  if (type !== ROPE_LLAMA_3_1) {
    const factor = pairs.get(KEY.scalingFactor) ?? 1;
    if (factor > 1) {
      // The C++ program scales type 0 and ignores the factor in type 1, so such a file has no one meaning.
      throw new BadHeaderError(file, `rope type ${type} has no scaling, but scaling factor ${factor} is given`);
    }
    // Qwen 3 files leave the type out; their rows are never permuted, so their pairs are always halves.
    return {
      ropeStyle: architecture === 'llama' && type === ROPE_LLAMA ? 'neighbours' : 'halves',
      ropeScaling: undefined,
    };
  }
  if (architecture !== 'llama') {
    throw new BadHeaderError(file, `rope type ${type} (Llama 3.1) does not go with ${architecture}`);
  }
  const [factor, lowFreqFactor, highFreqFactor, originalSeqLen] = [
    KEY.scalingFactor,
    KEY.scalingLow,
    KEY.scalingHigh,
    KEY.scalingSeqLen,
  ].map((key) => {
    const value = pairs.get(key);
    if (value === undefined) throw new MissingHeaderKeyError(file, key, M_KEY_MEANINGS.get(key) ?? '');
    return value;
  });
  return { ropeStyle: 'neighbours', ropeScaling: { factor, lowFreqFactor, highFreqFactor, originalSeqLen } };
}

/** The pairs that say `header`, in the order of their keys, or a NotExpressibleError: the format holds only integers. */
export function pairsFromHeader(header: ModelHeader): [key: number, value: number][] {
  checkHeader(header, 'the new model');
  const { architecture, ropeScaling, ropeStyle } = header;
  const integer = (key: number, value: number): [number, number] => {
    if (!Number.isInteger(value) || Math.abs(value) > 0x7fffffff) {
      throw new NotExpressibleError('.m', `${M_KEY_MEANINGS.get(key)} ${value} is not a 32-bit whole number`);
    }
    return [key, value];
  };
  return [
    [KEY.version, 0],
    [KEY.architecture, [...ARCHITECTURES].find(([, name]) => name === architecture)![0]],
    [KEY.dim, header.dim],
    [KEY.hiddenDim, header.hiddenDim],
    [KEY.layers, header.layers],
    [KEY.heads, header.heads],
    [KEY.kvHeads, header.kvHeads],
    [KEY.experts, header.experts],
    integer(KEY.activeExperts, header.activeExperts),
    [KEY.vocabSize, header.vocabSize],
    [KEY.seqLen, header.seqLen],
    [KEY.activation, ACTIVATIONS.indexOf(header.activation)],
    integer(KEY.ropeTheta, header.ropeTheta),
    [KEY.weightType, FLOAT_TYPES.indexOf(header.weightType)],
    ...(ropeScaling === undefined
      ? []
      : [
          integer(KEY.scalingFactor, ropeScaling.factor),
          integer(KEY.scalingLow, ropeScaling.lowFreqFactor),
          integer(KEY.scalingHigh, ropeScaling.highFreqFactor),
          integer(KEY.scalingSeqLen, ropeScaling.originalSeqLen),
        ]),
    [KEY.ropeType, ropeTypeOf(architecture, ropeStyle, ropeScaling !== undefined)],
    [KEY.headDim, header.headDim],
    [KEY.normEpsilon, exponentOf(header.normEpsilon)],
    integer(KEY.moeHiddenDim, header.moeHiddenDim),
  ];
}

function ropeTypeOf(architecture: Architecture, style: RopeStyle, scaled: boolean): number {
  if (architecture !== 'llama' && style !== 'halves') {
    throw new NotExpressibleError('.m', `${architecture} always rotates halves, not neighbours`);
  }
  if (style === 'neighbours') return scaled ? ROPE_LLAMA_3_1 : ROPE_LLAMA;
  if (scaled) throw new NotExpressibleError('.m', 'scaled rotation of halves has no rope type');
  return ROPE_FALCON;
}

function exponentOf(epsilon: number): number {
  // A format that keeps the epsilon as f32 gives 9.999999747e-6.
  if (Math.fround(epsilon) === Math.fround(1e-5)) return 5;
  if (Math.fround(epsilon) === Math.fround(1e-6)) return 6;
  throw new NotExpressibleError('.m', `norm epsilon ${epsilon} is neither 1e-5 nor 1e-6`);
}
