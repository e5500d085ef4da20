import { describe, expect, test } from 'vitest';
import { tinyHeader, tinyModel } from '../../test/fixtures/tiny-models.ts';
import { bytesSource } from './bytes-source.ts';
import { pairsBytes, viewOf } from './header-pairs.ts';
import { readModel } from './m-file.ts';
import { M_MAGIC, pairsFromHeader } from './m-header.ts';
import { readRows, readTensor } from './model.ts';

const open = (bytes: Uint8Array) => readModel(bytesSource('model.m', bytes));

/** Opens a valid model of which some header values were changed; undefined removes the key. */
async function withPairs(changes: Record<number, number | undefined>, base = tinyHeader()) {
  const pairs = new Map(pairsFromHeader(base));
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) pairs.delete(Number(key));
    else pairs.set(Number(key), value);
  }
  const { bytes } = await tinyModel(base);
  const data = bytes.subarray(viewOf(bytes).getInt32(4, true));
  return open(Buffer.concat([pairsBytes(M_MAGIC, [...pairs]), data]));
}

test('the directory follows the file order and covers the file exactly', async () => {
  const { model, bytes } = await tinyModel({ architecture: 'qwen3', layers: 1 });
  const entries = [...model.tensors.values()];
  expect(entries.map((entry) => entry.name)).toEqual([
    'embedding',
    ...['q', 'k', 'v', 'wo', 'w1', 'w2', 'w3', 'q-norm', 'k-norm', 'attention-norm', 'ffn-norm'].map(
      (n) => `layers.0.${n}`,
    ),
    'final-norm',
    'output',
  ]);
  let end = viewOf(bytes).getInt32(4, true);
  for (const entry of entries) {
    expect(entry.offset).toBe(end);
    end += entry.size;
  }
  expect(end).toBe(bytes.length);
});

test('a mixture of experts has a gate and each expert its three matrices', async () => {
  const { model } = await tinyModel({ architecture: 'qwen3-moe', layers: 1, experts: 2, moeHiddenDim: 96 });
  expect(model.tensors.get('layers.0.moe-gate')).toMatchObject({ rows: 2, columns: 64, type: 'f32' });
  expect(model.tensors.get('layers.0.experts.1.w2')).toMatchObject({ rows: 64, columns: 96, type: 'q40' });
  expect(model.tensors.has('layers.0.w1')).toBe(false);
});

test('tensors are read by name and by rows', async () => {
  const { model } = await tinyModel();
  const whole = await readTensor(model, 'layers.1.k');
  expect(whole.length).toBe(32 * 64);
  expect(await readRows(model, 'layers.1.k', { start: 3, end: 5 })).toEqual(whole.slice(3 * 64, 5 * 64));
  await expect(readTensor(model, 'layers.2.k')).rejects.toThrow('Cannot find tensor layers.2.k in tiny-1.m');
  await expect(readRows(model, 'layers.1.k', { start: 3, end: 33 })).rejects.toThrow(RangeError);
});

describe('defaults', () => {
  test('what old converters left out', async () => {
    const { header } = await withPairs({
      0: undefined,
      11: undefined,
      12: undefined,
      18: undefined,
      19: undefined,
      20: undefined,
    });
    expect(header).toEqual(tinyHeader());
  });

  test('qwen3 rotates halves whatever its rope type says', async () => {
    for (const type of [undefined, 0, 1]) {
      const { header } = await withPairs({ 18: type }, tinyHeader({ architecture: 'qwen3' }));
      expect(header.ropeStyle).toBe('halves');
    }
  });

  test('a scaling factor of 1 without the Llama 3.1 rope type is no scaling', async () => {
    expect((await withPairs({ 14: 1 })).header.ropeScaling).toBeUndefined();
  });
});

describe('refused with cause and remedy', () => {
  const header = 'Cannot use the header of model.m: ';
  const again = '; convert the model again or download it again';
  const scaled = tinyHeader({
    ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalSeqLen: 32 },
  });
  test.each<[Record<number, number | undefined>, string, ReturnType<typeof tinyHeader>?]>([
    [{ 0: 3 }, `${header}version 3 is not 0; use a newer version of Shoal`],
    [{ 1: 7 }, `${header}architecture 7 is unknown${again}`],
    [{ 2: undefined }, `${header}key 2 (dim) is missing; convert it again`],
    [{ 2: 0 }, `${header}dim is 0, which is less than 1${again}`],
    [{ 3: -128 }, `${header}hidden dim is -128, which is less than 1${again}`],
    [{ 3: 2 ** 30 }, `${header}hidden dim is 1,073,741,824, which is more than the 1,048,576 that Shoal takes${again}`],
    [{ 3: 100 }, `${header}hidden dim 100 is not whole q40 blocks of 32; convert it to f32 or f16`],
    [{ 5: 3, 19: undefined }, `${header}dim 64 does not divide into 3 heads, and no head dim is given${again}`],
    [{ 6: 3 }, `${header}4 heads do not divide into 3 kv heads${again}`],
    [{ 6: 8 }, `${header}4 heads do not divide into 8 kv heads${again}`],
    [{ 7: 4 }, `${header}it has 4 experts, but a llama model has none${again}`],
    [{ 10: 0 }, `${header}sequence length is 0, which is less than 1${again}`],
    [{ 11: 2 }, `${header}hidden activation 2 is unknown${again}`],
    [{ 13: -1 }, `${header}weight type -1 is unknown${again}`],
    [{ 14: 8 }, `${header}rope type 0 has no scaling, but scaling factor 8 is given${again}`],
    [{ 18: 2 }, `${header}key 14 (rope scaling factor) is missing; convert it again`],
    [{ 18: 9 }, `${header}rope type 9 is unknown${again}`],
    [{ 16: 1 }, `${header}rope scaling blends from 1 to 1, which is no range${again}`, scaled],
    [{ 19: 33 }, `${header}head dim 33 is odd, but rotation turns pairs${again}`],
    [{ 20: 7 }, `${header}norm epsilon 7 is neither 5 (1e-5) nor 6 (1e-6)${again}`],
    [{ 22: 1 }, `${header}key 22 is unknown; it may need a newer version of Shoal`],
    [{ 4: 3 }, 'Cannot read tensor layers.2.w1 of model.m: the file ends 21,248 bytes early; download it again'],
    [{ 4: 1 }, 'Cannot use model.m: 21,248 bytes follow the end of its data; convert it again or download it again'],
  ])('%j', async (changes, message, base) => {
    await expect(withPairs(changes, base)).rejects.toThrow(expect.objectContaining({ message, blame: 'file' }));
  });

  test('a header that promises petabytes is short, not allocated', async () => {
    const huge = { 2: 2 ** 20, 3: 2 ** 20, 4: 4096, 5: 1, 6: 1, 9: 2 ** 24, 13: 0, 19: undefined };
    await expect(withPairs(huge)).rejects.toThrow(`${header}its tensors would take over 9 petabytes${again}`);
    await expect(withPairs({ ...huge, 4: 1 })).rejects.toThrow(
      'Cannot read tensor embedding of model.m: the file ends 17',
    );
  });

  test('sizes of the header', async () => {
    const { bytes } = await tinyModel();
    for (const [size, cause] of [
      [121, 'its size is 121 bytes, which is not 8 and whole pairs of 8'],
      [-8, 'its size is -8 bytes, which is not 8 and whole pairs of 8'],
      [2 ** 30, 'its size of 1073741824 bytes is absurd'],
    ] as const) {
      viewOf(bytes).setInt32(4, size, true);
      await expect(open(bytes)).rejects.toThrow(cause);
    }
  });

  test('a repeated key', async () => {
    const pairs = [...pairsFromHeader(tinyHeader()), [2, 64] as [number, number]];
    await expect(open(pairsBytes(M_MAGIC, pairs))).rejects.toThrow('key 2 (dim) appears twice');
  });

  test('every truncation', async () => {
    const { bytes } = await tinyModel({ dim: 32, hiddenDim: 32, layers: 1, vocabSize: 4 });
    for (let size = 4; size < bytes.length; size++) {
      await expect(open(bytes.subarray(0, size))).rejects.toThrow(
        /^Cannot read .* of model\.m: the file ends .* early;/,
      );
    }
  });
});
