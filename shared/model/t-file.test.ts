import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { memorySink } from './byte-sink.ts';
import { bytesSource } from './bytes-source.ts';
import { pairsBytes } from './header-pairs.ts';
import { NotExpressibleError } from './model-errors.ts';
import { readVocabulary } from './t-file.ts';
import { T_MAGIC } from './t-header.ts';
import { writeOldVocabulary, writeVocabulary } from './t-writer.ts';

async function written(vocabulary: Vocabulary, write = writeVocabulary): Promise<Uint8Array> {
  const sink = memorySink();
  await write(vocabulary, sink);
  return sink.bytes();
}

const open = (bytes: Uint8Array) => readVocabulary(bytesSource('words.t', bytes));

/** A `.t` file of two one-byte tokens with other header pairs, and bytes between header and tokens. */
function handmade(pairs: [number, number][], between: number[] = []): Uint8Array {
  const tokens = [0, 0, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 0, 1, 0, 0, 0, 98];
  return Uint8Array.of(...pairsBytes(T_MAGIC, pairs), ...between, ...tokens);
}

const vocabularies: fc.Arbitrary<Vocabulary> = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.float({ noNaN: true })), {
    minLength: 1,
    maxLength: 20,
  })
  .chain((tokens) => {
    const id = fc.nat({ max: tokens.length - 1 });
    return fc
      .record({
        bosId: fc.option(id, { nil: undefined }),
        eosIds: fc.uniqueArray(id, { maxLength: 4 }),
        addBos: fc.boolean(),
        chatTemplate: fc.option(fc.string({ unit: 'binary', minLength: 1 }), { nil: undefined }),
      })
      .map((rest) => ({
        ...rest,
        addBos: rest.addBos && rest.bosId !== undefined,
        pieces: tokens.map(([piece]) => piece),
        scores: Float32Array.from(tokens, ([, score]) => score),
      }));
  });

const plain = ({ pieces, ...rest }: Vocabulary) => ({ ...rest, pieces: pieces.map((piece) => [...piece]) });

test('what is written is read back', async () => {
  await fc.assert(
    fc.asyncProperty(vocabularies, async (vocabulary) => {
      expect(plain(await open(await written(vocabulary)))).toEqual(plain(vocabulary));
    }),
    { numRuns: 500 },
  );
});

test('the old kind is read back too', async () => {
  const vocabulary = tinyVocabulary(300);
  expect(plain(await open(await written(vocabulary, writeOldVocabulary)))).toEqual(plain(vocabulary));
  const bare = { ...vocabulary, bosId: undefined, eosIds: [], addBos: false };
  expect(plain(await open(await written(bare, writeOldVocabulary)))).toEqual(plain(bare));
});

test('a token larger than a chunk', async () => {
  const vocabulary = {
    ...tinyVocabulary(3),
    pieces: [Uint8Array.of(1), new Uint8Array(600_000).fill(7), Uint8Array.of(2)],
  };
  const { pieces } = await open(await written(vocabulary));
  expect(pieces[1].length).toBe(600_000);
  expect(pieces[1].every((byte) => byte === 7)).toBe(true);
});

describe('old header pairs', () => {
  const base: [number, number][] = [
    [0, 1],
    [1, 2],
    [2, 1],
  ];

  test('eos ids from keys 4 and 6 and from the list, each once', async () => {
    const bytes = handmade([...base, [4, 1], [6, 1], [9, 2]], [0, 0, 0, 0, 1, 0, 0, 0]);
    expect((await open(bytes)).eosIds).toEqual([1, 0]);
  });

  test('template, then stop text, which is skipped', async () => {
    const bytes = handmade([...base, [8, 3], [7, 2], [9, 1]], [0xc3, 0xa9, 1, 2, 3, 1, 0, 0, 0]);
    expect(await open(bytes)).toMatchObject({ chatTemplate: 'é', eosIds: [1] });
  });

  test('bos is added unless the file says otherwise, and −1 is no token', async () => {
    expect(await open(handmade([...base, [3, 1], [5, 99]]))).toMatchObject({ bosId: 1, addBos: true });
    expect(await open(handmade([...base, [3, 1], [10, 0]]))).toMatchObject({ bosId: 1, addBos: false });
    expect(await open(handmade([...base, [3, -1], [4, -1], [10, 1]]))).toMatchObject({
      bosId: undefined,
      addBos: false,
      eosIds: [],
    });
  });

  test.each<[string, [number, number][], number[]?]>([
    [
      'version 2 is not 1; convert the tokenizer again',
      [
        [0, 2],
        [1, 2],
        [2, 1],
      ],
    ],
    [
      'key 0 (version) is missing',
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      'key 1 (vocab size) is missing',
      [
        [0, 1],
        [2, 1],
      ],
    ],
    ['key 11 is unknown', [...base, [11, 1]]],
    ['key 2 (max token length) appears twice', [...base, [2, 1]]],
    [
      'vocab size is 0',
      [
        [0, 1],
        [1, 0],
        [2, 1],
      ],
    ],
    [
      'max token length is 0',
      [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
    ],
    ['bos id 2 is not one of its 2 tokens', [...base, [3, 2]]],
    ['eos id -2 is not one of its 2 tokens', [...base, [4, -2]]],
    ['eos id 7 is not one of its 2 tokens', [...base, [9, 1]], [7, 0, 0, 0]],
    ['add bos is 2, neither 0 nor 1', [...base, [10, 2]]],
    ['chat template length is -1', [...base, [7, -1]]],
    ['its chat template is not UTF-8', [...base, [7, 2]], [0xc3, 0x28]],
    [
      'it promises 2147483647 tokens and 19327352823 bytes at least, but only 18 follow',
      [
        [0, 1],
        [1, 2 ** 31 - 1],
        [2, 1],
      ],
    ],
    ['it promises 2 tokens and 2147483665 bytes at least', [...base, [7, 2 ** 31 - 1]]],
    ['4 bytes follow the end of its data', base, [1, 0, 0, 0]],
  ])('%s', async (cause, pairs, between) => {
    // The last case needs tokens that still parse; the others have the extra bytes where the header says.
    const bytes = cause.includes('follow the end')
      ? Uint8Array.of(...handmade(pairs), ...between!)
      : handmade(pairs, between);
    const error = await open(bytes).catch((reason) => reason);
    expect(error).toMatchObject({ blame: 'file' });
    expect(error.message).toContain(cause);
    expect(error.message).toMatch(/^Cannot use .*words\.t: .*; .*[^.]$/);
  });
});

test('bad tokens are named', async () => {
  const vocabulary = tinyVocabulary(300);
  const bytes = await written(vocabulary);
  const firstToken = bytes.length - vocabulary.pieces.reduce((sum, piece) => sum + 8 + piece.length, 0);
  const broken = (at: number, ...values: number[]) => {
    const copy = bytes.slice();
    copy.set(values, at);
    return open(copy);
  };
  await expect(broken(firstToken + 4, 0)).rejects.toThrow('words.t: token 0 of 300 is empty');
  await expect(broken(firstToken + 4, 0, 1)).rejects.toThrow('token 0 of 300 has 256 bytes, more than the header');
  await expect(broken(firstToken, 0, 0, 192, 127)).rejects.toThrow('token 0 of 300 has a score that is not a number');
  await expect(open(bytes.subarray(0, -1))).rejects.toThrow(
    'Cannot read token 299 of 300 of words.t: the file ends 1 byte early; download it again',
  );
});

test('what a format cannot say is refused', async () => {
  const vocabulary = tinyVocabulary(300);
  const refused = (changes: Partial<Vocabulary>, write = writeVocabulary) =>
    expect(written({ ...vocabulary, ...changes }, write)).rejects.toThrow(NotExpressibleError);
  await refused({ bosId: 300 });
  await refused({ bosId: undefined });
  await refused({ scores: new Float32Array(3) });
  await refused({ pieces: vocabulary.pieces.with(9, new Uint8Array(0)) });
  await refused({ pieces: [], scores: new Float32Array(0) });
  await refused({ eosIds: [2, 3] }, writeOldVocabulary);
  await refused({ chatTemplate: 'x' }, writeOldVocabulary);
  await refused({ addBos: false }, writeOldVocabulary);
});
