import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStaticFiles, type StaticFiles } from './static-files.ts';

let folder: string;
let files: StaticFiles;
const page = '<!doctype html>'.repeat(100);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-static-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), page);
  await writeFile(join(folder, 'assets', 'main-1a.js'), 'let a;');
  await writeFile(join(folder, 'picture.png'), 'png');
  files = await readStaticFiles(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const get = (path: string, headers: Record<string, string> = {}) =>
  files.answer(path, new Request(`http://localhost${path}`, { headers }));

test('the page, in whatever coding is accepted', async () => {
  const plain = get('/')!;
  expect(plain.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  expect(await plain.text()).toBe(page);
  const zip = get('/index.html', { 'Accept-Encoding': 'gzip, deflate' })!;
  expect(zip.headers.get('Content-Encoding')).toBe('gzip');
  expect(gunzipSync(await zip.bytes()).toString()).toBe(page);
  const brotli = get('/', { 'Accept-Encoding': 'gzip;q=0.9, br' })!;
  expect(brotliDecompressSync(await brotli.bytes()).toString()).toBe(page);
  expect(get('/picture.png', { 'Accept-Encoding': 'br' })!.headers.get('Content-Encoding')).toBeNull();
});

test('what has not changed is not sent again, and hashed names never change', () => {
  const etag = get('/')!.headers.get('ETag')!;
  expect(get('/', { 'If-None-Match': etag })!.status).toBe(304);
  expect(get('/')!.headers.get('Cache-Control')).toBe('no-cache');
  expect(get('/assets/main-1a.js')!.headers.get('Cache-Control')).toContain('immutable');
});

test.each(['/../package.json', '/assets', '/assets/', '/nope', '//etc/passwd', '/__proto__', '/%2e%2e/index.html'])(
  '%s is no file',
  (path) => {
    expect(files.answer(path, new Request('http://localhost/'))).toBeUndefined();
  },
);

test('a folder that is not there has no files', async () => {
  expect((await readStaticFiles(join(folder, 'nope'))).isEmpty).toBe(true);
});
