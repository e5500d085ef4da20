// Which tensors a model has and in which order `.m` files keep them. Derived from the header alone; knows no bytes of it.

import type { Bytes } from '../units.ts';
import { kvDim, type ModelHeader, qDim } from './header.ts';
import { bytesOf } from './quant.ts';
import type { TensorShape } from './tensors.ts';

/** All tensors in file order. Lazy, because a damaged header may promise millions. */
export function* tensorList(header: ModelHeader): Generator<TensorShape> {
  yield firstTensor(header);
  for (let layer = 0; layer < header.layers; layer++) yield* layerTensors(header, layer);
  yield* lastTensors(header);
}

export const tensorBytes = (shape: TensorShape): Bytes => bytesOf(shape.type, shape.rows * shape.columns);

/** The bytes of all tensors together. Past 2^53 the sum is inexact but still past 2^53, so callers can tell. */
export function totalTensorBytes(header: ModelHeader): Bytes {
  let layerBytes = 0;
  if (header.layers > 0) for (const shape of layerTensors(header, 0)) layerBytes += tensorBytes(shape);
  let ends = tensorBytes(firstTensor(header));
  for (const shape of lastTensors(header)) ends += tensorBytes(shape);
  return ends + layerBytes * header.layers;
}

const vector = (name: string, columns: number): TensorShape => ({ name, rows: 1, columns, type: 'f32' });

const firstTensor = ({ vocabSize, dim }: ModelHeader): TensorShape => {
  return { name: 'embedding', rows: vocabSize, columns: dim, type: 'f32' };
};

function* lastTensors(header: ModelHeader): Generator<TensorShape> {
  yield vector('final-norm', header.dim);
  yield { name: 'output', rows: header.vocabSize, columns: header.dim, type: header.weightType };
}

function* layerTensors(header: ModelHeader, layer: number): Generator<TensorShape> {
  const { dim, headDim, experts, architecture, weightType: type } = header;
  const at = `layers.${layer}`;
  yield { name: `${at}.q`, rows: qDim(header), columns: dim, type };
  yield { name: `${at}.k`, rows: kvDim(header), columns: dim, type };
  yield { name: `${at}.v`, rows: kvDim(header), columns: dim, type };
  yield { name: `${at}.wo`, rows: dim, columns: qDim(header), type };
  if (experts > 0) {
    yield { name: `${at}.moe-gate`, rows: experts, columns: dim, type: 'f32' };
    for (let expert = 0; expert < experts; expert++) {
      yield* feedForward(`${at}.experts.${expert}`, header, header.moeHiddenDim);
    }
  } else {
    yield* feedForward(at, header, header.hiddenDim);
  }
  if (architecture !== 'llama') {
    yield vector(`${at}.q-norm`, headDim);
    yield vector(`${at}.k-norm`, headDim);
  }
  yield vector(`${at}.attention-norm`, dim);
  yield vector(`${at}.ffn-norm`, dim);
}

function* feedForward(at: string, { dim, weightType: type }: ModelHeader, width: number): Generator<TensorShape> {
  yield { name: `${at}.w1`, rows: width, columns: dim, type };
  yield { name: `${at}.w2`, rows: dim, columns: width, type };
  yield { name: `${at}.w3`, rows: width, columns: dim, type };
}
