import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diskLayoutMemory } from './layout-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-layouts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const none = { start: 0, end: 0 };
const slice = { layers: { start: 0, end: 2 }, heads: none, kvHeads: none, hidden: none, vocabulary: none };
const layout = { stages: [[{ node: 'root', slice }]] };

test('of the same nodes and purpose, in the next process too', async () => {
  await diskLayoutMemory(folder, 'tp').keep('a b', layout);
  expect(await diskLayoutMemory(folder, 'tp').recall('a b')).toEqual(layout);
  expect(await diskLayoutMemory(folder, 'pp').recall('a b')).toBeUndefined();
  expect(await diskLayoutMemory(folder, 'tp').recall('a')).toBeUndefined();
});

test('what is damaged is forgotten', async () => {
  const memory = diskLayoutMemory(folder, 'tp');
  await memory.keep('a', layout);
  const [name] = await readdir(join(folder, 'layouts'));
  for (const damage of ['', '{', 'null', '{"purpose":"tp"}']) {
    await writeFile(join(folder, 'layouts', name!), damage);
    expect(await memory.recall('a')).toBeUndefined();
  }
});

test('where nothing can be written, nothing is remembered and nothing fails', async () => {
  await writeFile(join(folder, 'layouts'), '');
  const memory = diskLayoutMemory(folder, 'tp');
  await memory.keep('a', layout);
  expect(await memory.recall('a')).toBeUndefined();
});
