import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memorySink } from '../../shared/model/byte-sink.ts';
import { writeVocabulary } from '../../shared/model/t-writer.ts';
import { tinyModel, tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import { type InspectOptions, inspect } from './inspect.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-inspect-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function shown(bytes: Uint8Array | string, options: InspectOptions = { json: false }): Promise<string[]> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  const lines: string[] = [];
  await inspect(path, options, (line) => lines.push(line));
  return lines;
}

test('a model: layers and experts on one line, w1 and w3 apart, nothing wider than a terminal', async () => {
  const { bytes } = await tinyModel({ architecture: 'qwen3-moe', layers: 12, experts: 16 });
  const lines = await shown(bytes);
  expect(lines).toContain('layers.0–11.experts.0–15.w1  64 × 64   q40      192   2.3 KiB  432.0 KiB');
  expect(lines).toContain('layers.0–11.experts.0–15.w3  64 × 64   q40      192   2.3 KiB  432.0 KiB');
  expect(lines).toContain('Feed-forward  2 of 16 experts of 64, silu');
  expect(lines.filter((line) => line.length > 80 && !line.startsWith('File'))).toEqual([]);
});

test('--all gives every tensor its line', async () => {
  const { model, bytes } = await tinyModel();
  const lines = await shown(bytes, { json: false, all: true });
  for (const name of model.tensors.keys()) expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
});

test('JSON is one line that says the same', async () => {
  const { model, bytes } = await tinyModel();
  const lines = await shown(bytes, { json: true });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({
    kind: 'model',
    header: { dim: 64 },
    tensors: [...model.tensors.values()],
  });
});

test('a tokenizer, whose tokens cannot move the cursor', async () => {
  const vocabulary = tinyVocabulary(300);
  const pieces = vocabulary.pieces.with(2, Uint8Array.from([0x1b, 0x5b, 0x32, 0x4a, 0xc2, 0x85]));
  const sink = memorySink();
  const chatTemplate = Array.from({ length: 30 }, (_, i) => `{{ line ${i} }}\r\x1b`).join('\n');
  await writeVocabulary({ ...vocabulary, pieces, chatTemplate }, sink);
  const lines = await shown(sink.bytes());
  expect(lines).toContain('Begin (bos)    1 "<s>", put first');
  expect(lines).toContain('End (eos)      2 "\\u001b[2J\\u0085"');
  expect(lines).toContain('  {{ line 0 }}\\r\\u001b');
  expect(lines.at(-1)).toBe('  … 22 more lines (--all shows them)');
});

test('another file is called by its name', async () => {
  await expect(shown('GGUF....')).rejects.toThrow(/^Cannot inspect .*file: it is a GGUF file; convert it first$/);
});
