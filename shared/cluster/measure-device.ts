// How fast a device is, by running two layers of a made-up model of a common shape on it: once a process, before anything
// real is loaded.

import type { Device, LoadedProgram } from '../device/device.ts';
import type { ModelHeader } from '../model/header.ts';
import { tensorBytes, tensorList } from '../model/tensor-list.ts';
import type { TensorEntry } from '../model/tensors.ts';
import { buildProgram } from '../program/build.ts';
import type { Milliseconds } from '../units.ts';

/** 50 MB of q40 weights: more than caches hold of what is read for a token. */
const SHAPE: ModelHeader = {
  ...{ architecture: 'llama', dim: 2048, hiddenDim: 5632, layers: 2, heads: 32, kvHeads: 4, headDim: 64 },
  ...{ experts: 0, activeExperts: 0, moeHiddenDim: 0, vocabSize: 32, seqLen: 64, activation: 'silu' },
  ...{ ropeTheta: 10_000, ropeStyle: 'neighbours', ropeScaling: undefined, weightType: 'q40', normEpsilon: 1e-5 },
};
const MANY = 32;
const TOKEN_ROUNDS = 9;
const MANY_ROUNDS = 2;

export interface DeviceSpeed {
  /** Weights read, in a step of one token. */
  readonly bytesPerSecond: number;
  /** Multiplications with additions, in a step of many tokens. */
  readonly macsPerSecond: number;
}

export async function measureDevice(device: Device, now: () => Milliseconds): Promise<DeviceSpeed> {
  const tensors = new Map<string, TensorEntry>();
  let offset = 0;
  for (const shape of tensorList(SHAPE)) {
    const size = tensorBytes(shape);
    tensors.set(shape.name, { ...shape, offset, size });
    offset += size;
  }
  const source = {
    name: 'a model of zeros',
    size: offset,
    readInto: async (_: number, target: Uint8Array) => void target.fill(0),
    close: async () => {},
  };
  const loaded = await device.load(buildProgram(SHAPE), { source, tensors }, { slots: 1, maxTokens: MANY });
  try {
    const layerBytes = [...tensors.values()].reduce(
      (sum, { name, size }) => sum + (name.startsWith('layers.') ? size : 0),
      0,
    );
    const layerWeights = (layerBytes / 18) * 32;
    const one = await fastestMs(loaded, 1, TOKEN_ROUNDS, now);
    const many = await fastestMs(loaded, MANY, MANY_ROUNDS, now);
    return {
      bytesPerSecond: (layerBytes / one) * 1000,
      macsPerSecond: ((layerWeights * MANY) / many) * 1000,
    };
  } finally {
    await loaded.close();
  }
}

/** Whatever else runs on a machine only makes it slower, so the fastest round tells most. */
async function fastestMs(
  loaded: LoadedProgram,
  tokens: number,
  rounds: number,
  now: () => Milliseconds,
): Promise<Milliseconds> {
  const times: Milliseconds[] = [];
  // One round more: the first compiles.
  for (let round = 0; round <= rounds; round++) {
    const step = { runs: [{ slot: 0, position: 0, tokens: new Array<number>(tokens).fill(1), wanted: [] }] };
    const begun = now();
    await loaded.run(step, 0);
    if (round > 0) times.push(now() - begun);
  }
  return Math.min(...times);
}
