// What a slice weighs: the bytes a node keeps for it and the bytes it reads for a token. Exact for weights and cache,
// which follow from the header; an estimate for buffers and the process itself. Knows no speeds.
//
// The embedding table is nobody's: the root reads the rows that it needs from the file and sends them.

import type { ModelHeader } from '../model/header.ts';
import { bytesOf } from '../model/quant.ts';
import { type Bytes, rangeLength } from '../units.ts';
import type { Slice } from './slice.ts';

export interface MemoryOptions {
  readonly slots: number;
  /** Most tokens of one step. */
  readonly maxTokens: number;
}

/** Code, stacks and heap of a process that serves a slice, and its frames under way. */
export const PROCESS_BYTES: Bytes = 60 * 2 ** 20;

/** The FFN is cut in whole blocks, since a rank quantises its own columns. */
export const HIDDEN_UNIT = 32;
/** Kernels compute eight rows at a time. */
export const VOCABULARY_UNIT = 8;

/** So many heads are whole blocks of 32 columns of `wo`. */
export function headUnit({ headDim }: ModelHeader): number {
  let [a, b] = [headDim, 32];
  while (b > 0) [a, b] = [b, a % b];
  return 32 / a;
}

/** Columns of the feed-forward layer, of each expert if there are several. */
export const feedForwardWidth = (header: ModelHeader): number =>
  header.experts > 0 ? header.moeHiddenDim : header.hiddenDim;

/** Bytes that are linear in what a rank holds: of each head, key-value head, FFN column and vocabulary row. */
export interface SliceCosts {
  /** Whatever the rank holds. */
  readonly fixed: Bytes;
  readonly head: Bytes;
  readonly kvHead: Bytes;
  readonly column: Bytes;
  readonly row: Bytes;
}

/** Weights of one layer, of which `experts` experts count; vocabulary rows belong to none. */
export function layerWeights(header: ModelHeader, experts: number = header.experts): Omit<SliceCosts, 'row'> {
  const { dim, headDim, weightType: type } = header;
  const headNorms = header.architecture === 'llama' ? 0 : 2 * headDim;
  const perHead = 2 * bytesOf(type, headDim * dim); // rows of q and columns of wo, or rows of k and of v
  return {
    fixed: 4 * (2 * dim + headNorms + header.experts * dim),
    head: perHead,
    kvHead: perHead,
    column: 3 * bytesOf(type, dim) * Math.max(1, experts),
  };
}

/** Keys and values of one head in one layer, over `positions` of one sequence: in f16. */
export const cacheBytes = ({ headDim }: ModelHeader, positions: number): Bytes => 2 * positions * headDim * 2;

/** The last stage has the final norm, and rows of the output matrix. */
export const outputWeights = ({ dim, weightType }: ModelHeader): { readonly norm: Bytes; readonly row: Bytes } => ({
  norm: 4 * dim,
  row: bytesOf(weightType, dim),
});

/** What a rank of a stage of `layers` layers needs, as a sum over what it holds. */
export function memoryCosts(header: ModelHeader, layers: number, last: boolean, options: MemoryOptions): SliceCosts {
  const { slots, maxTokens } = options;
  const { dim, headDim } = header;
  const layer = layerWeights(header);
  const output = outputWeights(header);
  // Values of a token in the program's buffers. A product's input is there twice: as it is and quantised. Beside them
  // lie the residual stream, its partial sum, what a sync point receives and sends, and tables for the rotation.
  const [f32, twice] = [4 * maxTokens, 4 * maxTokens + 1.25 * maxTokens];
  return {
    fixed:
      layers * layer.fixed + PROCESS_BYTES + dim * (4 * f32 + twice) + 2 * headDim * f32 + (last ? output.norm : 0),
    head: layers * layer.head + headDim * (f32 + twice), // q, attended
    kvHead: layers * (layer.kvHead + slots * cacheBytes(header, header.seqLen)) + 2 * headDim * f32, // k, v
    column: layers * layer.column + 2 * f32 + twice, // gate, up, hidden
    row: last ? output.row + f32 : 0, // logits
  };
}

export const costOfSlice = (costs: SliceCosts, slice: Slice): Bytes =>
  costs.fixed +
  costs.head * rangeLength(slice.heads) +
  costs.kvHead * rangeLength(slice.kvHeads) +
  costs.column * rangeLength(slice.hidden) +
  costs.row * rangeLength(slice.vocabulary);

/** Memory that a node needs for `slice`: weights, cache, buffers and the process. */
export function rankBytes(header: ModelHeader, slice: Slice, options: MemoryOptions): Bytes {
  const last = slice.layers.end === header.layers;
  return Math.ceil(costOfSlice(memoryCosts(header, rangeLength(slice.layers), last, options), slice));
}

/** The weights alone: what a node downloads or reads from the file. */
export function weightBytes(header: ModelHeader, slice: Slice): Bytes {
  const [layer, output] = [layerWeights(header), outputWeights(header)];
  const last = slice.layers.end === header.layers;
  const inLayers = costOfSlice({ ...layer, row: 0 }, slice) * rangeLength(slice.layers);
  return inLayers + (last ? output.norm + output.row * rangeLength(slice.vocabulary) : 0);
}
