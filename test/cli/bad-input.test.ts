// Whatever is wrong with the input: one line on standard error that names cause and remedy, the right exit code, nothing
// on standard output, and no more memory than the files warrant.

import { mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tinyVocabulary } from '../fixtures/tiny-models.ts';
import { type ModelFolder, modelFolder, vocabularyBytes } from './model-folder.ts';
import { type Ended, shoal } from './shoal-process.ts';

let folder: ModelFolder;
/** Megabytes that the program takes to do nothing. */
let idle = 0;

beforeAll(async () => {
  folder = await modelFolder();
  // Tells how much memory a run took at most.
  const report = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));`;
  await folder.put('peak.mjs', report);
  ({ peak: idle } = await measured(['inspect', folder.tokenizer]));
});
afterAll(() => folder.remove());

let runs = 0;
async function measured(args: readonly string[]): Promise<Ended & { peak: number }> {
  const peakFile = join(folder.path, `peak-${runs++}`);
  const env = { NODE_OPTIONS: `--import=${join(folder.path, 'peak.mjs')}`, PEAK_FILE: peakFile };
  const ended = await shoal(args, { env });
  return { ...ended, peak: Number(await readFile(peakFile, 'utf8')) / 1024 };
}

/** `megabytes`: more than an idle program takes. */
async function expectRefusal(args: readonly string[], code: number, line: RegExp, megabytes = 25): Promise<void> {
  const ended = await measured(args);
  expect(ended.stderr).toMatch(/^shoal: [^\n]*; [^\n]*\n$/);
  expect(ended.stderr).toMatch(line);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.peak).toBeLessThan(idle + megabytes);
}

/** Two at a time: that is how many cores a small machine has. */
async function expectRefusals(cases: readonly (readonly [args: readonly string[], line: RegExp])[], code: number) {
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await expectRefusal(next[0], code, next[1]);
  };
  await Promise.all([worker(), worker()]);
}

/** The model's bytes with one header value replaced. */
function withHeaderValue(key: number, value: number): Uint8Array {
  const bytes = folder.modelBytes.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 8; at < view.getInt32(4, true); at += 8) {
    if (view.getInt32(at, true) === key) view.setInt32(at + 4, value, true);
  }
  return bytes;
}

function withWord(bytes: Uint8Array<ArrayBuffer>, at: number, word: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, word, true);
  return copy;
}

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const noise = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * i * 2654435761) >>> 13);

test('command lines', async () => {
  const run = (...args: string[]): string[] => ['inference', '--model', folder.model, ...args];
  await expectRefusals(
    [
      [['infrence'], /unknown command "infrence"; did you mean inference\?/],
      [['help', 'halp'], /unknown command "halp"; did you mean help\?/],
      [['perplexity', '--prompt', ''], /The text has 0 tokens, of which none follows another; give a longer text/],
      [run('--promt', 'x'), /unknown option --promt; did you mean --prompt\?/],
      [run('--prompt'), /--prompt lacks its value; write --prompt TEXT/],
      [run('--prompt', 'x', '--steps', 'many'), /--steps is "many", which is not a whole number; give a whole number/],
      [run('--prompt', 'x', '--topp', '1.5'), /--topp is "1.5", which is too large; give a number from 0 to 1/],
      [run('--prompt', 'x', '--prompt', 'y'), /--prompt is given twice; give it once/],
      [run('--prompt', 'x', '--gpu-index', '0'), /--gpu-index is not part of this version: models run on the cpu/],
      [run('x'), /unexpected "x"; quote texts with spaces/],
      [run(), /inference needs a text; give --prompt TEXT or --file FILE/],
      [
        ['inference', '--prompt', 'x', '--tokenizer', folder.tokenizer],
        /needs the model of that tokenizer; give --model/,
      ],
      [['inspect'], /inspect needs a file; give the path of a model or tokenizer/],
      [['chat', '--model', folder.model], /The tokenizer has no chat template; choose one with --chat-template/],
      [run('--prompt', 'x'.repeat(64)), /The prompt has 65 tokens .*: the context holds 64; shorten the prompt/],
      [
        run('--prompt', 'xyz', '--steps', '4'),
        /The prompt has 4 tokens .*: --steps 4 counts both; raise it or shorten/,
      ],
    ],
    2,
  );
});

test('model files', async () => {
  const { modelBytes: bytes, put } = folder;
  const dim = { key: 2, vocab: 9, seqLen: 10, layers: 4 };
  const max = 2 ** 31 - 1;
  await mkdir(join(folder.path, 'folder.m'));
  const cases: [string, Uint8Array | undefined, RegExp][] = [
    ['truncated', bytes.subarray(0, -1), /Cannot read tensor output of .*: the file ends 1 byte early; download/],
    ['half', bytes.subarray(0, bytes.length / 2), /the file ends [\d,]+ bytes early; download it again/],
    ['no-header', bytes.subarray(0, 20), /the file ends \d+ bytes early; download it again/],
    ['over-long', joined(bytes, Uint8Array.of(0)), /1 byte follow.* the end of its data; convert it again/],
    ['wrong-magic', withWord(bytes, 0, 0x12345678), /as a \.m model: its first bytes are of no known format; check/],
    ['old', withWord(bytes, 0, 0xabcd00), /of the format before 2024, which says too little; convert the model again/],
    ['gguf', joined(new TextEncoder().encode('GGUF'), bytes), /it is a GGUF file; convert it first/],
    ['zero', withHeaderValue(dim.key, 0), /dim is 0, which is less than 1; convert the model again/],
    ['no-layers', withHeaderValue(dim.layers, 0), /number of layers is 0, which is less than 1/],
    ['overflow', withHeaderValue(dim.vocab, max), /vocab size is 2,147,483,647, which is more than/],
    ['large', withHeaderValue(dim.vocab, 2 ** 24), /the file ends [\d,]+ bytes early/],
    ['long', withHeaderValue(dim.seqLen, max), /but this machine has .* GB; give --max-seq-len \d+ or less/],
    ['random', noise(5000), /its first bytes are of no known format; check that it is the right file/],
    ['header-noise', joined(bytes.subarray(0, 8), noise(5000)), /key -?\d+ is unknown; it may need a newer version/],
    ['empty', new Uint8Array(), /it is empty; download it again/],
    ['folder', undefined, /it is a folder, not a file; give the path of a file/],
    ['tokenizer', folder.tokenizerBytes, /it is a \.t tokenizer; give it where a tokenizer is wanted/],
  ];
  for (const [name, content] of cases) if (content) await put(`${name}.m`, content);
  const run = (file: string) => ['inference', '--prompt', 'x', '--tokenizer', folder.tokenizer, '--model', file];
  await expectRefusals(
    [
      ...cases.map(([name, , line]) => [run(join(folder.path, `${name}.m`)), line] as const),
      [run(join(folder.path, 'nowhere.m')), /Cannot open .*nowhere\.m: there is no such file; check the path/],
    ],
    1,
  );
});

test('a model that computes nonsense', async () => {
  const { modelBytes, put, remove, tokenizer } = await modelFolder({ weightType: 'f32' });
  const broken = await put('broken.m', modelBytes.fill(0xff, modelBytes.length / 2)); // 0xffffffff is NaN
  await expectRefusal(['inference', '--prompt', 'x', '--tokenizer', tokenizer, '--model', broken], 1, /NaN/, 100);
  await remove();
});

test('texts', async () => {
  const { put } = folder;
  const run = (command: string, file: string) => [command, '--model', folder.model, '--file', file];
  const long = await put('long.txt', '');
  await truncate(long, 8e9); // takes no room on the disk
  await expectRefusals(
    [
      [run('inference', long), /as a text: it has 8,000,000,000 bytes, more than the 4,194,304 .*; give a part of it/],
      [run('perplexity', long), /as a text: it has 8,000,000,000 bytes/],
      [run('inference', await put('empty.txt', '')), /empty\.txt: it is empty; download it again/],
      [run('inference', folder.path), /it is a folder, not a file; give the path of a file/],
    ],
    1,
  );
});

test('tokenizer files', async () => {
  const { tokenizerBytes: bytes, put } = folder;
  const cases: [string, Uint8Array, RegExp][] = [
    ['truncated', bytes.subarray(0, -1), /Cannot read token 299 of 300 of .*: the file ends 1 byte early; download/],
    ['over-long', joined(bytes, Uint8Array.of(0)), /1 byte follow.* the end of its data; convert it again/],
    ['random', noise(5000), /as a \.t tokenizer: its first bytes are of no known format; check/],
    ['model', folder.modelBytes, /it is a \.m model; give it where a model is wanted/],
    ['larger', await vocabularyBytes(tinyVocabulary(301)), /does not fit the model: it has 301 tokens .* 300; use/],
  ];
  for (const [name, content] of cases) await put(`${name}.t`, content);
  const run = (file: string) => ['perplexity', '--prompt', 'xyz', '--model', folder.model, '--tokenizer', file];
  await expectRefusals(
    cases.map(([name, , line]) => [run(join(folder.path, `${name}.t`)), line] as const),
    1,
  );
});
