// How fast a device is, by running two layers of a made-up model of a common shape on it.

import type { Device, LoadedProgram } from '../device/device.ts';
import type { ModelHeader } from '../model/header.ts';
import { tensorBytes, tensorList } from '../model/tensor-list.ts';
import type { TensorEntry } from '../model/tensors.ts';
import { buildProgram } from '../program/build.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** 50 MB of q40 weights: more than caches hold of what is read for a token. */
const SHAPE: ModelHeader = {
  ...{ architecture: 'llama', dim: 2048, hiddenDim: 5632, layers: 2, heads: 32, kvHeads: 4, headDim: 64 },
  ...{ experts: 0, activeExperts: 0, moeHiddenDim: 0, vocabSize: 32, seqLen: 64, activation: 'silu' },
  ...{ ropeTheta: 10_000, ropeStyle: 'neighbours', ropeScaling: undefined, weightType: 'q40', normEpsilon: 1e-5 },
};
const MANY = 32;
const TOKEN_ROUNDS = 9;
/** On a fast machine nine are over in 20 ms, all of which something else may take. */
const TOKEN_MS: Milliseconds = 100;
const MANY_ROUNDS = 2;
/** So long that those who begin a little later, because they share a machine, count. */
const READING_MS: Milliseconds = 800;

export interface DeviceSpeed {
  /** Weights read, in a step of one token. */
  readonly bytesPerSecond: number;
  /** Multiplications with additions, in a step of many tokens. */
  readonly macsPerSecond: number;
}

/** Alone: with nothing else at work. */
export const measureDevice = (device: Device, now: () => Milliseconds): Promise<DeviceSpeed> =>
  withMadeUpModel(device, async (loaded, layerBytes) => {
    // Whatever else runs on a machine only makes it slower, so the fastest round tells most.
    const until = now() + TOKEN_MS;
    const goesOn = ({ length }: readonly Milliseconds[]): boolean => length < TOKEN_ROUNDS || now() < until;
    const one = Math.min(...(await timeRounds(loaded, 1, goesOn, now)));
    const many = Math.min(...(await timeRounds(loaded, MANY, (times) => times.length < MANY_ROUNDS, now)));
    const layerWeights = (layerBytes / 18) * 32;
    return {
      bytesPerSecond: (layerBytes / one) * 1000,
      macsPerSecond: ((layerWeights * MANY) / many) * 1000,
    };
  });

/** Weights read a second by steps of one token, while others are at the same. */
export const measureReading = (device: Device, now: () => Milliseconds): Promise<number> =>
  withMadeUpModel(device, async (loaded, layerBytes) => {
    const until = now() + READING_MS;
    const times = await timeRounds(loaded, 1, ({ length }) => length === 0 || now() < until, now);
    // Not the median: those who share cores take turns, and a round that fits into a turn is as fast as alone.
    return ((layerBytes * times.length) / times.reduce((sum, ms) => sum + ms, 0)) * 1000;
  });

async function withMadeUpModel<Measured>(
  device: Device,
  measure: (loaded: LoadedProgram, layerBytes: Bytes) => Promise<Measured>,
): Promise<Measured> {
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
    return await measure(loaded, layerBytes);
  } finally {
    await loaded.close();
  }
}

async function timeRounds(
  loaded: LoadedProgram,
  tokens: number,
  goesOn: (times: readonly Milliseconds[]) => boolean,
  now: () => Milliseconds,
): Promise<Milliseconds[]> {
  const step = { runs: [{ slot: 0, position: 0, tokens: new Array<number>(tokens).fill(1), wanted: [] }] };
  await loaded.run(step, 0); // compiles
  const times: Milliseconds[] = [];
  while (goesOn(times)) {
    const begun = now();
    await loaded.run(step, 0);
    times.push(now() - begun);
  }
  return times;
}
