// Random models of a real shape, made once and kept in the machine's temporary folder: speeds depend on sizes only.

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileSink } from '../../node/storage/file-sink.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import { writeModel } from '../../shared/model/m-writer.ts';
import { bytesOf, quantise } from '../../shared/model/quant.ts';
import { writeVocabulary } from '../../shared/model/t-writer.ts';
import { encodeUtf8 } from '../../shared/model/utf8.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { programWeights } from '../../shared/program/program.ts';
import { rangeLength } from '../../shared/units.ts';
import type { Vocabulary } from '../../shared/vocabulary.ts';
import { tinyHeader, tinyVocabulary } from '../fixtures/tiny-models.ts';
import { writeGguf } from './gguf-model.ts';

const FOLDER = join(tmpdir(), 'shoal-bench');

/** TinyLlama-1.1B. */
export const header: ModelHeader = tinyHeader({
  dim: 2048,
  hiddenDim: 5632,
  layers: 22,
  heads: 32,
  kvHeads: 4,
  headDim: 64,
  vocabSize: 32000,
  seqLen: 2048,
});

export interface BenchModels {
  readonly model: string;
  readonly tokenizer: string;
  readonly gguf: string;
}

export async function benchModels(): Promise<BenchModels> {
  const paths = { ...(await benchModel('llama-1.1b', header)), gguf: join(FOLDER, 'llama-1.1b.gguf') };
  if (!existsSync(paths.gguf)) {
    const { dim, hiddenDim: hidden, layers, heads, kvHeads, vocabSize: vocab, seqLen } = header;
    writeGguf(`${paths.gguf}.part`, { dim, hidden, layers, heads, kvHeads, vocab, seqLen });
    renameSync(`${paths.gguf}.part`, paths.gguf);
  }
  return paths;
}

/** A random model of that shape with a tokenizer. */
export async function benchModel(name: string, shape: ModelHeader): Promise<Omit<BenchModels, 'gguf'>> {
  mkdirSync(FOLDER, { recursive: true });
  const [model, tokenizer] = [join(FOLDER, `${name}.m`), join(FOLDER, `${name}.t`)];
  if (!existsSync(model)) await write(model, (sink) => writeModel(shape, randomTensor, sink));
  if (!existsSync(tokenizer)) await write(tokenizer, (sink) => writeVocabulary(asciiVocabulary(shape.vocabSize), sink));
  return { model, tokenizer };
}

/** Random models write any token; distributed-llama ends at a row of bytes that are no UTF-8. */
function asciiVocabulary(size: number): Vocabulary {
  const vocabulary = tinyVocabulary(size);
  const pieces = vocabulary.pieces.map((piece, id) =>
    piece.some((byte) => byte > 127) ? encodeUtf8(`b${id}`) : piece,
  );
  return { ...vocabulary, pieces };
}

/** Bytes of quantised weights that one token's decode reads. */
export function decodeBytes(): number {
  return programWeights(buildProgram(header))
    .filter(({ type }) => type === 'q40')
    .reduce((sum, { type, rows, columns }) => sum + rangeLength(rows) * bytesOf(type, rangeLength(columns)), 0);
}

async function write(
  path: string,
  fill: (sink: Awaited<ReturnType<typeof openFileSink>>) => Promise<void>,
): Promise<void> {
  const sink = await openFileSink(path);
  try {
    await fill(sink);
    await sink.commit();
  } finally {
    await sink.abort();
  }
}

/** One random megabyte of each kind, over and over: norms 1, embeddings about ±1, products as large as their input. */
function* randomTensor({ name, rows, columns, type }: Parameters<Parameters<typeof writeModel>[1]>[0]) {
  const values = new Float32Array(2 ** 18);
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = name.endsWith('norm') ? 1 : (state / 2 ** 31) * (name === 'embedding' ? 1 : Math.sqrt(3 / columns));
  }
  const chunk = new Uint8Array(bytesOf(type, values.length));
  quantise(type, values, chunk);
  for (let left = bytesOf(type, rows * columns); left > 0; left -= chunk.length) {
    yield chunk.subarray(0, Math.min(left, chunk.length));
  }
}
