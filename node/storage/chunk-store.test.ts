// Chunk stores keep what is right, whatever happens to the process, the disk or the files. Both kinds.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChunkDamagedError, ChunksMissingError } from '../../shared/cluster/weights/chunk-errors.ts';
import { type ChunkId, type ChunkStore, hashOf } from '../../shared/cluster/weights/chunk-store.ts';
import { memoryChunkStore } from '../../shared/cluster/weights/memory-chunk-store.ts';
import { nodeCrypto as crypto } from '../links/node-crypto.ts';
import { cacheFolder } from './cache-folder.ts';
import { diskChunkStore } from './chunk-store.ts';
import { chunkPath, openLocation } from './chunk-store-files.ts';
import { diskHashCache, fileFingerprint } from './chunk-store-hashes.ts';
import { CacheDeniedError, CacheFullError, cacheError } from './storage-errors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-chunks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytesOf = (seed: number, length = 100) => Uint8Array.from({ length }, (_, i) => (i * seed + seed) & 255);
const idOf = async (bytes: Uint8Array): Promise<ChunkId> => ({ hash: await hashOf(bytes, crypto), size: bytes.length });

async function fill(store: ChunkStore, ...seeds: number[]): Promise<ChunkId[]> {
  const ids: ChunkId[] = [];
  for (const seed of seeds) {
    const id = await idOf(bytesOf(seed));
    await store.write(id.hash, bytesOf(seed));
    ids.push(id);
  }
  return ids;
}

async function readAll(source: Awaited<ReturnType<ChunkStore['source']>>): Promise<number[]> {
  const target = new Uint8Array(source.size);
  await source.readInto(0, target);
  return [...target];
}

const stores: [string, () => Promise<ChunkStore>][] = [
  ['memory', async () => memoryChunkStore(crypto)],
  ['disk', () => diskChunkStore(folder, crypto)],
];

describe.each(stores)('%s', (_, open) => {
  test('what was written is there, and chunks are read as one', async () => {
    const store = await open();
    const ids = await fill(store, 1, 2, 3);
    expect(await Promise.all(ids.map((id) => store.has(id)))).toEqual([true, true, true]);
    expect(await store.has({ ...ids[0], size: 99 })).toBe(false);
    expect(await store.has(await idOf(bytesOf(4)))).toBe(false);
    const source = await store.source([ids[2], ids[0], ids[2]], 'weights');
    expect(source).toMatchObject({ name: 'weights', size: 300 });
    expect(await readAll(source)).toEqual([...bytesOf(3), ...bytesOf(1), ...bytesOf(3)]);
    await source.close();
    expect((await store.source([], 'nothing')).size).toBe(0);
  });

  test('a flipped bit is refused and leaves nothing', async () => {
    const store = await open();
    const id = await idOf(bytesOf(1));
    const flipped = bytesOf(1);
    flipped[50] ^= 1;
    const writing = store.write(id.hash, flipped);
    await expect(writing).rejects.toThrow(ChunkDamagedError);
    await expect(writing).rejects.toThrow(
      /^A chunk of the weights is damaged: its SHA-256 begins with [0-9a-f]{8}, not /,
    );
    await expect(store.write(`../${id.hash.slice(3)}`, bytesOf(1))).rejects.toThrow(ChunkDamagedError);
    expect(await store.has(id)).toBe(false);
    await expect(store.source([id], 'weights')).rejects.toMatchObject({ hashes: [id.hash] });
  });

  test('trim takes the least recently used, and nothing that is in use', async () => {
    const store = await open();
    const ids = await fill(store, 1, 2, 3, 4);
    if (_ === 'disk') {
      for (const [i, { hash }] of ids.entries()) await utimes(chunkPath(folder, hash), 1e9 + i, 1e9 + i);
    }
    const there = async () => Promise.all(ids.map((id) => store.has(id)));
    await (await store.source([ids[0]], 'used again')).close();
    expect(await store.trim(400)).toBe(0);
    expect(await store.trim(399)).toBe(100);
    expect(await there()).toEqual([true, false, true, true]);
    const source = await store.source([ids[2]], 'in use');
    const second = await store.source([ids[2]], 'twice');
    await second.close();
    await second.close();
    expect(await store.trim(0)).toBe(300 - 100);
    expect(await there()).toEqual([false, false, true, false]);
    expect(await readAll(source)).toEqual([...bytesOf(3)]);
    await source.close();
    expect(await store.trim(0)).toBe(100);
  });

  test('the same chunk from two sides', async () => {
    const store = await open();
    const id = await idOf(bytesOf(5));
    await Promise.all([store.write(id.hash, bytesOf(5)), store.write(id.hash, bytesOf(5))]);
    const source = await store.source([id], 'weights');
    expect(await readAll(source)).toEqual([...bytesOf(5)]);
    await source.close();
  });
});

describe('on disk', () => {
  test('another start finds them; threads open the same bytes', async () => {
    const ids = await fill(await diskChunkStore(folder, crypto), 1, 2);
    const source = await (await diskChunkStore(folder, crypto)).source(ids, 'weights');
    const opened = await openLocation(structuredClone(source.location));
    expect(opened).toMatchObject({ name: 'weights', size: 200 });
    expect(await readAll(opened)).toEqual([...bytesOf(1), ...bytesOf(2)]);
    await opened.close();

    const script = `
      const { parentPort, workerData } = await import('node:worker_threads');
      const { openLocation } = await import(workerData.module);
      const source = await openLocation(workerData.location);
      const target = new Uint8Array(20);
      await source.readInto(90, target);
      await source.close();
      parentPort.postMessage([...target]);`;
    const module = new URL('./chunk-store-files.ts', import.meta.url).href;
    const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const worker = new Worker(url, { workerData: { module, location: source.location } });
    const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    expect(answer).toEqual([...bytesOf(1).subarray(90), ...bytesOf(2).subarray(0, 10)]);
    await source.close();
  });

  test('a location that is a path, or nothing', async () => {
    await writeFile(join(folder, 'm'), bytesOf(9));
    const source = await openLocation(join(folder, 'm'));
    expect(await readAll(source)).toEqual([...bytesOf(9)]);
    await source.close();
    await expect(openLocation(undefined)).rejects.toThrow(TypeError);
    const chunks = [{ hash: '../../m', size: 100 }];
    const outside = await openLocation({ chunksIn: folder, name: 'x', chunks });
    await expect(readAll(outside)).rejects.toThrow('no SHA-256');
  });

  test('more chunks than a process may have files open, and all their handles given back', async () => {
    const store = await diskChunkStore(folder, crypto);
    const ids = await fill(store, ...Array.from({ length: 120 }, (_, i) => i));
    const handles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
    const before = await handles();
    const source = await store.source(ids, 'weights');
    let most = 0;
    const one = new Uint8Array(1);
    for (let at = 0; at < source.size; at += 50) {
      await source.readInto(at, one);
      most = Math.max(most, await handles());
    }
    expect(most - before).toBeLessThan(20);
    await source.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await handles()).toBeLessThanOrEqual(before + 1);
  });

  test.each([40, 0])('a file that was cut to %i bytes is missing, deleted, and can come again', async (length) => {
    const store = await diskChunkStore(folder, crypto);
    const ids = await fill(store, 1, 2);
    const path = chunkPath(folder, ids[1].hash);
    await truncate(path, length);
    expect(await store.has(ids[1])).toBe(false);
    const opening = store.source(ids, 'weights');
    await expect(opening).rejects.toThrow(ChunksMissingError);
    await expect(opening).rejects.toThrow(
      'Cannot read weights: 1 of 2 chunks of it are not in the cache; load the model',
    );
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await fill(store, 2);
    const source = await store.source(ids, 'weights');
    expect(await readAll(source)).toEqual([...bytesOf(1), ...bytesOf(2)]);
    await source.close();
  });

  test('one that vanishes while it is in use', async () => {
    const store = await diskChunkStore(folder, crypto);
    const ids = await fill(store, 1);
    const source = await store.source(ids, 'weights');
    await rm(chunkPath(folder, ids[0].hash));
    await expect(readAll(source)).rejects.toThrow(ChunksMissingError);
    await source.close();
  });

  test('what a killed process left is no chunk, and goes when it is old', async () => {
    const store = await diskChunkStore(folder, crypto);
    const [id] = await fill(store, 1);
    const path = chunkPath(folder, id.hash);
    const [old, young] = ['old', 'young'].map((name) => join(path, '..', `.${id.hash}.${name}-1.part`));
    await rm(path);
    for (const half of [old, young]) await writeFile(half, bytesOf(1).subarray(0, 50));
    await utimes(old, 1e9, 1e9);
    expect(await store.has(id)).toBe(false);
    await diskChunkStore(folder, crypto);
    expect(await readdir(join(path, '..'))).toEqual([young.split('/').at(-1)]);
    await utimes(young, 1e9, 1e9);
    await store.trim(1e9);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  test('a folder that is none', async () => {
    await writeFile(join(folder, 'file'), 'x');
    for (const place of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      const error = await diskChunkStore(place, crypto).catch((reason) => reason);
      expect(error).toBeInstanceOf(CacheDeniedError);
      expect(error.message).toBe(
        `Cannot write to the cache ${place}: something in its path is no folder; change that or give another --cache folder`,
      );
    }
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'chunks'), 'x');
    await expect(diskChunkStore(join(folder, 'other'), crypto)).rejects.toThrow(CacheDeniedError);
  });

  // The superuser may write everywhere, so there is nothing to see.
  test.skipIf(process.getuid?.() === 0)('no permission', async () => {
    const store = await diskChunkStore(folder, crypto);
    await chmod(join(folder, 'chunks'), 0o500);
    const id = await idOf(bytesOf(1));
    await expect(store.write(id.hash, bytesOf(1))).rejects.toThrow(CacheDeniedError);
    await chmod(join(folder, 'chunks'), 0o700);
  });

  test('causes become words', () => {
    const errorFor = (code: string) => cacheError('/c', 'write', Object.assign(new Error(code), { code }));
    for (const code of ['ENOSPC', 'EDQUOT']) expect(errorFor(code)).toBeInstanceOf(CacheFullError);
    expect(errorFor('ENOSPC').message).toBe(
      'Cannot write to the cache /c: the disk or its quota is full; free some space or give another --cache folder',
    );
    for (const code of ['EROFS', 'EACCES', 'EPERM']) {
      expect(errorFor(code).message).toBe(
        'Cannot write to the cache /c: permission denied; change that or give another --cache folder',
      );
    }
    expect(errorFor('EIO').message).toContain('check the drive it is on');
  });
});

describe('hash cache', () => {
  const hashes = new Map([['w[0:1,0:4]', 'a'.repeat(64)]]);
  const files = async () => (await readdir(join(folder, 'hashes'))).map((name) => join(folder, 'hashes', name));

  test('remembers, for exactly that file', async () => {
    await diskHashCache(folder).save('m 1', hashes);
    const cache = diskHashCache(folder);
    expect(await cache.load('m 1')).toEqual(hashes);
    expect(await cache.load('m 2')).toEqual(new Map());
    expect(await files()).toHaveLength(1);
  });

  test.each([
    ['empty', () => ''],
    ['cut', (text: string) => text.slice(0, -9)],
    ['of another file', (text: string) => text.replace('m 1', 'm 3')],
    ['of other words', () => '{"hashes":7}'],
    ['with a path for a hash', (text: string) => text.replace('aaa', '../')],
  ])('one that is %s is ignored and replaced', async (_, damage) => {
    const cache = diskHashCache(folder);
    await cache.save('m 1', hashes);
    const [path] = await files();
    await writeFile(path, damage(await readFile(path, 'utf8')));
    expect(await cache.load('m 1')).toEqual(new Map());
    await cache.save('m 1', hashes);
    expect(await cache.load('m 1')).toEqual(hashes);
  });

  test('keeps only so many, and does without a folder', async () => {
    const cache = diskHashCache(folder);
    for (let i = 0; i < 40; i++) await cache.save(`m ${i}`, hashes);
    expect(await files()).toHaveLength(32);
    expect(await cache.load('m 39')).toEqual(hashes);
    await writeFile(join(folder, 'file'), 'x');
    await diskHashCache(join(folder, 'file')).save('m 1', hashes);
    expect(await diskHashCache(join(folder, 'file')).load('m 1')).toEqual(new Map());
  });

  test('a fingerprint changes with the file', async () => {
    const path = join(folder, 'model.m');
    await writeFile(path, 'one');
    const first = await fileFingerprint(path);
    expect(await fileFingerprint(path)).toBe(first);
    await utimes(path, 1e9, 1e9);
    const touched = await fileFingerprint(path);
    await truncate(path, 2);
    await utimes(path, 1e9, 1e9);
    expect(new Set([first, touched, await fileFingerprint(path)]).size).toBe(3);
    await expect(fileFingerprint(join(folder, 'none'))).rejects.toThrow('there is no such file');
  });
});

test('the cache folder', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/shoal');
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/shoal$/);
});
