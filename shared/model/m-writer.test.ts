import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyHeader, tinyModel } from '../../test/fixtures/tiny-models.ts';
import { memorySink } from './byte-sink.ts';
import { bytesSource } from './bytes-source.ts';
import type { FloatType, ModelHeader } from './header.ts';
import { readModel } from './m-file.ts';
import { convertModel, type TensorPieces, writeModel } from './m-writer.ts';
import { type Model, readTensor } from './model.ts';
import { BadHeaderError, NotExpressibleError, TensorDataError, UnquantisableError } from './model-errors.ts';
import type { TensorShape } from './tensors.ts';

const TYPES: FloatType[] = ['f32', 'f16', 'q40', 'q80'];

/** Any small header that the format can say. */
const headers: fc.Arbitrary<ModelHeader> = fc
  .record({
    architecture: fc.constantFrom('llama', 'qwen3', 'qwen3-moe'),
    weightType: fc.constantFrom(...TYPES),
    blocks: fc.record({ dim: fc.integer({ min: 1, max: 2 }), hidden: fc.integer({ min: 1, max: 3 }) }),
    layers: fc.integer({ min: 1, max: 3 }),
    kvHeads: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    vocabSize: fc.integer({ min: 1, max: 9 }),
    seqLen: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    ropeTheta: fc.integer({ min: 1, max: 10_000_000 }),
    activation: fc.constantFrom('gelu', 'silu'),
    normEpsilon: fc.constantFrom(1e-5, 1e-6),
    style: fc.constantFrom('neighbours', 'halves'),
    scaling: fc.option(
      fc.record({
        factor: fc.integer({ min: 1, max: 64 }),
        lowFreqFactor: fc.integer({ min: 1, max: 4 }),
        highFreqFactor: fc.integer({ min: 5, max: 9 }),
        originalSeqLen: fc.integer({ min: 1, max: 8192 }),
      }),
      { nil: undefined },
    ),
  })
  .map(({ blocks, groups, style, scaling, ...rest }) =>
    tinyHeader({
      ...rest,
      dim: 32 * blocks.dim,
      hiddenDim: 32 * blocks.hidden,
      heads: rest.kvHeads * groups,
      headDim: 32,
      ropeStyle: rest.architecture === 'llama' ? style : 'halves',
      ropeScaling: rest.architecture === 'llama' && style === 'neighbours' ? scaling : undefined,
    }),
  );

/** Like toEqual, which takes seconds for a few hundred kilobytes. */
function expectSame(bytes: Uint8Array, expected: Uint8Array): void {
  expect(bytes.length).toBe(expected.length);
  expect(bytes.findIndex((byte, i) => byte !== expected[i])).toBe(-1);
}

async function convert(model: Model, type: FloatType): Promise<{ model: Model; bytes: Uint8Array }> {
  const sink = memorySink();
  await convertModel(model, type, sink);
  return { model: await readModel(bytesSource(`as-${type}.m`, sink.bytes())), bytes: sink.bytes() };
}

test('what is written is read back: header and every weight', async () => {
  await fc.assert(
    fc.asyncProperty(headers, fc.integer(), async (header, seed) => {
      const { model, bytes } = await tinyModel(header, seed);
      expect(model.header).toEqual(header);
      // Reading is exact, and so is packing what was unpacked: the file made of its own numbers is the same file.
      const sink = memorySink();
      await writeModel(header, (shape) => numbers(model, shape), sink);
      expectSame(sink.bytes(), bytes);
    }),
    { numRuns: 100 },
  );
});

async function* numbers(model: Model, { name }: TensorShape) {
  yield await readTensor(model, name);
}

describe('conversion', () => {
  test('to the same type copies the bytes', async () => {
    for (const weightType of TYPES) {
      const { model, bytes } = await tinyModel({ weightType });
      expectSame((await convert(model, weightType)).bytes, bytes);
    }
  });

  test('to f32 and back is exact, and keeps norms and embedding', async () => {
    for (const weightType of TYPES) {
      const { model, bytes } = await tinyModel({ architecture: 'qwen3-moe', weightType });
      const wide = await convert(model, 'f32');
      for (const name of model.tensors.keys()) {
        const [before, after] = [await readTensor(model, name), await readTensor(wide.model, name)];
        expect(after.findIndex((value, i) => value !== before[i])).toBe(-1);
      }
      expectSame((await convert(wide.model, weightType)).bytes, bytes);
    }
  });

  test('works in chunks, never on a whole model', async () => {
    const { model, bytes } = await tinyModel({ vocabSize: 9000 });
    let largest = 0;
    await convertModel(model, 'q80', {
      async write(piece) {
        largest = Math.max(largest, piece.length);
      },
    });
    expect(largest).toBeLessThanOrEqual(2 ** 20);
    expect(bytes.length).toBeGreaterThan(2 ** 21);
  });

  test('reports each tensor as it begins', async () => {
    const { model } = await tinyModel();
    const names: string[] = [];
    await convertModel(model, 'f16', memorySink(), ({ name }) => names.push(name));
    expect(names).toEqual([...model.tensors.keys()]);
  });

  test('rows that are no whole blocks cannot become blocks', async () => {
    const { model } = await tinyModel({ weightType: 'f32', dim: 40, hiddenDim: 8 });
    await expect(convert(model, 'q40')).rejects.toThrow(
      'Cannot use the header of the new model: dim 40 is not whole q40 blocks of 32; convert it to f32 or f16',
    );
  });
});

describe('refused', () => {
  const write = (pieces: (shape: TensorShape) => TensorPieces, header = tinyHeader({ weightType: 'q40' })) =>
    writeModel(header, pieces, memorySink());
  const zeros = ({ rows, columns }: TensorShape) => new Float32Array(rows * columns);

  test('data that does not fill its tensor, or overfills it', async () => {
    await expect(write((shape) => [zeros(shape).subarray(32)])).rejects.toThrow(
      'Cannot write tensor embedding: 76672 of its 76800 bytes were supplied; supply exactly the data its shape asks for',
    );
    await expect(write((shape) => [zeros(shape), new Uint8Array(1)])).rejects.toThrow(TensorDataError);
  });

  test('pieces that cut a block', async () => {
    const cut = (shape: TensorShape) => [zeros(shape).subarray(0, 16), zeros(shape).subarray(16)];
    await expect(write(cut)).rejects.toThrow('Cannot write tensor layers.0.q: a piece of 16 values is not whole q40');
  });

  test('weights that are not numbers, with the tensor named', async () => {
    const broken = write((shape) => [zeros(shape).fill(shape.name === 'layers.1.w2' ? Number.NaN : 0)]);
    await expect(broken).rejects.toThrow(UnquantisableError);
    await expect(broken).rejects.toThrow('Cannot store block 0 of layers.1.w2 as q40: ');
  });

  test.each<[string, Partial<ModelHeader>, string]>([
    ['a broken rope theta', { ropeTheta: 10000.5 }, 'rope theta 10000.5 is not a 32-bit whole number'],
    ['another epsilon', { normEpsilon: 1e-12 }, 'norm epsilon 1e-12 is neither 1e-5 nor 1e-6'],
    ['qwen3 with neighbours', { architecture: 'qwen3', ropeStyle: 'neighbours' }, 'always rotates halves'],
    [
      'scaled halves',
      { ropeStyle: 'halves', ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 9 } },
      'scaled rotation of halves has no rope type',
    ],
  ])('%s, which the format cannot say', async (_, overrides, cause) => {
    const attempt = write((shape) => [zeros(shape)], tinyHeader(overrides));
    await expect(attempt).rejects.toThrow(NotExpressibleError);
    await expect(attempt).rejects.toThrow(cause);
  });

  test('impossible headers', async () => {
    await expect(write((shape) => [zeros(shape)], tinyHeader({ dim: 64.5 }))).rejects.toThrow(BadHeaderError);
  });
});
