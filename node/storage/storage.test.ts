import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RangeOutsideFileError } from '../../shared/model/model-errors.ts';
import { openFileSink } from './file-sink.ts';
import { openFileSource } from './file-source.ts';
import { FileShrankError, storageError } from './storage-errors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-storage-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const numbers = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

describe('source', () => {
  test('ranges are read into the target, at the same time too', async () => {
    await writeFile(at('a'), numbers);
    const source = await openFileSource(at('a'));
    expect(source).toMatchObject({ name: at('a'), size: 1000 });
    const parts = [0, 10, 500, 900].map(async (offset) => {
      const target = new Uint8Array(new SharedArrayBuffer(120), 10, 100); // as a worker's memory would be
      await source.readInto(offset, target);
      expect([...target]).toEqual([...numbers.subarray(offset, offset + 100)]);
    });
    await Promise.all(parts);
    await source.readInto(1000, new Uint8Array(0));
    await source.close();
  });

  test('more than there is', async () => {
    await writeFile(at('a'), numbers);
    const source = await openFileSource(at('a'));
    await expect(source.readInto(990, new Uint8Array(11))).rejects.toThrow(RangeOutsideFileError);
    await expect(source.readInto(-1, new Uint8Array(1))).rejects.toThrow(RangeOutsideFileError);
    await source.close();
  });

  test('a file that shrinks while it is in use', async () => {
    await writeFile(at('a'), numbers);
    const source = await openFileSource(at('a'));
    await truncate(at('a'), 400);
    const read = source.readInto(300, new Uint8Array(200));
    await expect(read).rejects.toThrow(FileShrankError);
    await expect(read).rejects.toThrow('it ended at byte 400 of 1,000 while in use; restore it and restart');
    await source.close();
  });

  test.each<[string, (path: string) => Promise<unknown>, string]>([
    ['missing', async () => {}, 'there is no such file; check the path'],
    ['a folder', (path) => mkdir(path), 'it is a folder, not a file; give the path of a file'],
    ['empty', (path) => writeFile(path, ''), 'it is empty; download it again'],
  ])('%s', async (_, prepare, words) => {
    await prepare(at('x'));
    const error = await openFileSource(at('x')).catch((reason) => reason);
    expect(error).toMatchObject({ blame: 'file' });
    expect(error.message).toMatch(new RegExp(`^Cannot (open|use) ${at('x')}: ${words}$`));
  });

  test('a path below a file, and a device', async () => {
    await writeFile(at('x'), 'x');
    await expect(openFileSource(join(at('x'), 'y'))).rejects.toThrow('it is below something that is not a folder');
    await expect(openFileSource('/dev/null')).rejects.toThrow('it is a device or a pipe, not a file');
  });

  // The superuser may read everything, so there is nothing to see.
  test.skipIf(process.getuid?.() === 0)('no permission', async () => {
    await writeFile(at('x'), 'x');
    await chmod(at('x'), 0);
    await expect(openFileSource(at('x'))).rejects.toThrow('permission denied; change its permissions');
  });
});

describe('sink', () => {
  test('the file appears whole and nothing else remains', async () => {
    const sink = await openFileSink(at('out'));
    await sink.write(numbers.subarray(0, 600));
    expect(await readdir(folder)).not.toContain('out');
    await sink.write(numbers.subarray(600));
    await sink.commit();
    await sink.abort();
    expect(await readdir(folder)).toEqual(['out']);
    expect([...(await readFile(at('out')))]).toEqual([...numbers]);
  });

  test('an older file stays until the new one is complete, or when it is aborted', async () => {
    await writeFile(at('out'), 'old');
    const sink = await openFileSink(at('out'));
    await sink.write(numbers);
    expect(await readFile(at('out'), 'utf8')).toBe('old');
    await sink.abort();
    await sink.abort();
    expect(await readdir(folder)).toEqual(['out']);
    expect(await readFile(at('out'), 'utf8')).toBe('old');
  });

  test('two writers of one name do not meet', async () => {
    const [one, two] = await Promise.all([openFileSink(at('out')), openFileSink(at('out'))]);
    await one.write(Uint8Array.of(1));
    await two.write(Uint8Array.of(2));
    await two.commit();
    await one.commit();
    expect([...(await readFile(at('out')))]).toEqual([1]);
  });

  test('a folder in its place, or no folder to be in', async () => {
    await expect(openFileSink(folder)).rejects.toThrow('it is a folder, not a file');
    await expect(openFileSink(at('none/out'))).rejects.toThrow('its folder does not exist; create the folder');
  });
});

test('causes become words', () => {
  const words = (code: string) =>
    storageError('f', 'write', Object.assign(new Error(`${code}:\nwhat`), { code })).message;
  expect(words('ENOSPC')).toBe(
    'Cannot write f: the disk or its quota is full; free some space or choose another folder',
  );
  expect(words('EROFS')).toContain('permission denied');
  expect(words('EIO')).toBe('Cannot write f: EIO: what; check the drive it is on');
});
