// The chat page's files, read and compressed once at the start: they are few, and no path that a stranger sends ever
// reaches the disk.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg', '.json', '.webmanifest', '.wasm']);

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  /** By content coding; '' is the file as it is. */
  readonly bodies: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Whether its name changes with its content. */
  readonly isHashed: boolean;
}

export class StaticFiles {
  private readonly files: ReadonlyMap<string, StaticFile>;

  constructor(files: ReadonlyMap<string, StaticFile>) {
    this.files = files;
  }

  get isEmpty(): boolean {
    return this.files.size === 0;
  }

  /** For a path such as `/assets/main.js`; undefined where there is no such file. */
  answer(path: string, request: Request): Response | undefined {
    const file = this.files.get(path === '/' ? '/index.html' : path);
    if (!file) return undefined;
    const headers = new Headers({
      'Content-Type': file.type,
      ETag: file.etag,
      Vary: 'Accept-Encoding',
      'Cache-Control': file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    if (request.headers.get('If-None-Match') === file.etag) return new Response(null, { status: 304, headers });
    const accepted = (request.headers.get('Accept-Encoding') ?? '')
      .split(',')
      .map((coding) => coding.split(';')[0]!.trim());
    const coding = ['br', 'gzip'].find((one) => accepted.includes(one) && file.bodies.has(one)) ?? '';
    if (coding !== '') headers.set('Content-Encoding', coding);
    return new Response(file.bodies.get(coding)!, { headers });
  }
}

/** All files of a folder; of one that does not exist none. */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async (entry): Promise<[string, StaticFile]> => {
      const path = join(entry.parentPath, entry.name);
      return [`/${relative(folder, path).split(sep).join('/')}`, await readStaticFile(path)];
    });
  return new StaticFiles(new Map(await Promise.all(files)));
}

async function readStaticFile(path: string): Promise<StaticFile> {
  const plain = new Uint8Array(await readFile(path));
  const bodies = new Map([['', plain]]);
  if (COMPRESSED.has(extname(path))) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    bodies.set('br', new Uint8Array(await promisify(brotliCompress)(plain, { params })));
    bodies.set('gzip', new Uint8Array(await promisify(gzip)(plain)));
  }
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    bodies,
    isHashed: path.includes(`${sep}assets${sep}`),
  };
}
