// A root's weights reach a worker's store whatever comes in between, and nothing else gets in.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto as crypto } from '../../../node/links/node-crypto.ts';
import { rankSlices } from '../../../test/contracts/rank-group.ts';
import { tinyModel } from '../../../test/fixtures/tiny-models.ts';
import { buildProgram } from '../../program/build.ts';
import { ChunkDamagedError, ChunkListError, ChunksMissingError } from './chunk-errors.ts';
import { ChunkReader } from './chunk-reader.ts';
import { type ChunkStore, hashOf } from './chunk-store.ts';
import { type Chunk, cutChunks } from './chunks.ts';
import { chunkHashes } from './hashes.ts';
import { memoryChunkStore } from './memory-chunk-store.ts';
import { packProgram } from './pack.ts';
import { WeightReceiver } from './receive.ts';
import { SendWindow, sendChunks } from './send.ts';

const { model } = await tinyModel({ headDim: 32 });
const packed = packProgram(buildProgram(model.header, rankSlices(model.header, [2, 1])[0], { embeds: false }));
const chunks = cutChunks(packed, 1500);
const hashes = await chunkHashes(model, chunks, crypto);
const total = packed.size;
const whole = new Uint8Array(total);
for (const chunk of chunks)
  await new ChunkReader(model).read(chunk, whole.subarray(chunk.offset, chunk.offset + chunk.size));
const bytesOfChunk = ({ offset, size }: Chunk) => whole.slice(offset, offset + size);

async function contentsOf(store: ChunkStore, receiver: WeightReceiver): Promise<Uint8Array> {
  const source = await store.source(receiver.contents, 'weights');
  const bytes = new Uint8Array(source.size);
  await source.readInto(0, bytes);
  await source.close();
  return bytes;
}

test('all of it, from file to store', async () => {
  const store = memoryChunkStore(crypto);
  const progress: number[] = [];
  const receiver = await WeightReceiver.begin(chunks, hashes, store, (done) => progress.push(done));
  const accepted: Promise<void>[] = [];
  const send = (index: number, bytes: Uint8Array) => void accepted.push(receiver.accept(index, bytes));
  const outlet = { send, drained: async () => {} };
  const sent: number[] = [];
  const job = { file: model, chunks, indexes: receiver.missing, outlet, onProgress: (n: number) => sent.push(n) };
  expect(await sendChunks(job)).toBe(true);
  await Promise.all(accepted);
  await receiver.complete;
  expect(Buffer.compare(await contentsOf(store, receiver), whole)).toBe(0);
  expect([progress[0], progress.at(-1), sent.at(-1)]).toEqual([0, total, total]);

  const again = await WeightReceiver.begin(chunks, hashes, store);
  expect(again.missing).toEqual([]);
  await again.complete;
});

test('in any order, with copies, some there already', async () => {
  const order = fc.shuffledSubarray([...chunks.keys(), ...chunks.keys()], { minLength: 2 * chunks.length });
  await fc.assert(
    fc.asyncProperty(order, fc.subarray([...chunks.keys()]), async (indexes, there) => {
      const store = memoryChunkStore(crypto);
      for (const index of there) await store.write(hashes[index], bytesOfChunk(chunks[index]));
      const receiver = await WeightReceiver.begin(chunks, hashes, store);
      expect(receiver.missing).toEqual([...chunks.keys()].filter((index) => !there.includes(index)));
      await Promise.all(indexes.map((index) => receiver.accept(index, bytesOfChunk(chunks[index]))));
      await receiver.complete;
      expect(Buffer.compare(await contentsOf(store, receiver), whole)).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test('chunks that are alike are asked for once', async () => {
  const same = new Uint8Array(100).fill(7);
  const hash = await hashOf(same, crypto);
  const alike = [0, 1, 2].map((i): Chunk => ({ ...chunks[0], offset: 100 * i, size: 100 }));
  const store = memoryChunkStore(crypto);
  const progress: number[] = [];
  const receiver = await WeightReceiver.begin(alike, [hash, hash, hash], store, (done) => progress.push(done));
  expect(receiver.missing).toEqual([0]);
  await receiver.accept(0, same);
  await receiver.complete;
  expect(progress).toEqual([0, 300]);
  expect((await contentsOf(store, receiver)).length).toBe(300);
});

describe('a worker refuses', () => {
  test.each([
    ['too few hashes', hashes.slice(1)],
    ['too many', [...hashes, hashes[0]]],
    ['what is no list', { length: chunks.length }],
    ['nothing', undefined],
    ['a path', hashes.with(3, `../${'a'.repeat(61)}`)],
    ['upper case', hashes.with(0, hashes[0].toUpperCase())],
    ['numbers', hashes.map((_, i) => i)],
    ['one hash for two lengths', hashes.with(1, hashes[chunks.findIndex(({ size }) => size !== chunks[1].size)])],
  ])('%s', async (_, list) => {
    const begun = WeightReceiver.begin(chunks, list, memoryChunkStore(crypto));
    await expect(begun).rejects.toThrow(ChunkListError);
  });

  test('a flipped bit, a wrong length, an unknown index; and takes the right ones afterwards', async () => {
    const store = memoryChunkStore(crypto);
    const receiver = await WeightReceiver.begin(chunks, hashes, store);
    const right = bytesOfChunk(chunks[2]);
    const flipped = right.slice();
    flipped[right.length >> 1] ^= 16;
    await expect(receiver.accept(2, flipped)).rejects.toThrow(ChunkDamagedError);
    await expect(receiver.accept(2, right.subarray(1))).rejects.toThrow(ChunkDamagedError);
    for (const index of [-1, 0.5, chunks.length, Number.NaN]) {
      await expect(receiver.accept(index, right)).rejects.toThrow(ChunkListError);
    }
    expect(await store.has(receiver.contents[2])).toBe(false);
    await expect(store.source(receiver.contents, 'weights')).rejects.toThrow(ChunksMissingError);
    await receiver.accept(2, right);
    expect(await store.has(receiver.contents[2])).toBe(true);
  });
});

describe('a root', () => {
  test('refuses to send what there is not, and sends each once', async () => {
    const sent: number[] = [];
    const outlet = { send: (index: number) => void sent.push(index), drained: async () => {} };
    for (const indexes of [[0, chunks.length], [-1], [1.5], ['1'], undefined]) {
      const job = { file: model, chunks, indexes: indexes as number[], outlet };
      await expect(sendChunks(job)).rejects.toThrow(ChunkListError);
    }
    await sendChunks({ file: model, chunks, indexes: [4, 2, 4, 2], outlet });
    expect(sent).toEqual([2, 4]);
  });

  test('waits until the link has drained, and stops when it is told to', async () => {
    const sent: number[] = [];
    let drain = Promise.withResolvers<void>();
    let isAborted = false;
    const outlet = { send: (index: number) => void sent.push(index), drained: () => drain.promise };
    const sending = sendChunks({ file: model, chunks, indexes: [0, 1, 2], outlet, aborted: () => isAborted });
    const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
    await pause();
    expect(sent).toEqual([]);
    const first = drain;
    drain = Promise.withResolvers();
    first.resolve();
    await pause();
    expect(sent).toEqual([0]);
    isAborted = true;
    drain.resolve();
    expect(await sending).toBe(false);
    expect(sent).toEqual([0]);
  });

  test('has no more on its way than the window', async () => {
    const window = new SendWindow(100);
    let rooms = 0;
    const wait = () => window.room().then(() => rooms++);
    await wait();
    window.sent(99);
    await wait();
    window.sent(60);
    const waiting = wait();
    window.written(59);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rooms).toBe(2);
    window.written(1);
    await waiting;
    window.sent(500);
    const last = wait();
    window.release();
    await last;
    await wait();
    expect(rooms).toBe(5);
  });
});
