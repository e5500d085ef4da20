import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterKey, keptKey } from './cluster-key.ts';

let folder: string;
let path: string;
const { SHOAL_KEY, XDG_CONFIG_HOME } = process.env;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-key-'));
  path = join(folder, 'shoal', 'key');
  process.env.XDG_CONFIG_HOME = folder;
  process.env.SHOAL_KEY = '';
});
afterEach(async () => {
  for (const [name, value] of Object.entries({ SHOAL_KEY, XDG_CONFIG_HOME })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await rm(folder, { recursive: true });
});

test('many that start at once make one key, which only the user may read', async () => {
  const keys = await Promise.all(Array.from({ length: 16 }, () => keptKey(path)));
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'shoal'))).toEqual(['key']);
  expect(await keptKey(path)).toBe(keys[0]);
});

test('--key comes before $SHOAL_KEY, and that before the file', async () => {
  process.env.SHOAL_KEY = 'of the environment';
  expect(await clusterKey('given')).toBe('given');
  expect(await clusterKey(undefined)).toBe('of the environment');
  expect(await readdir(folder)).toEqual([]); // no file where none is needed
  process.env.SHOAL_KEY = '';
  const kept = await clusterKey(undefined);
  expect(kept).toBe((await readFile(path, 'utf8')).trim());
});

test('two machines make two keys', async () => {
  expect(await keptKey(path)).not.toBe(await keptKey(join(folder, 'other', 'key')));
});

test.each(['', ' \n'])('a file with %j is refused with the remedy', async (content) => {
  await keptKey(path);
  await writeFile(path, content);
  await expect(keptKey(path)).rejects.toThrow(`The cluster key in ${path} is empty; delete the file, or give --key`);
});

test('a place where no file can be made is named', async () => {
  await writeFile(join(folder, 'shoal'), '');
  await expect(keptKey(path)).rejects.toThrow(/^Cannot (write|use) .*key: .*; /);
});
