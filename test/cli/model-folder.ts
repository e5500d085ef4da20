// A folder with a small model and its tokenizer, for the program to work on.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySink } from '../../shared/model/byte-sink.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import { writeVocabulary } from '../../shared/model/t-writer.ts';
import type { Vocabulary } from '../../shared/vocabulary.ts';
import { tinyModel, tinyVocabulary } from '../fixtures/tiny-models.ts';

export interface ModelFolder {
  readonly path: string;
  /** The model's bytes and the tokenizer's, to be damaged. */
  readonly modelBytes: Uint8Array<ArrayBuffer>;
  readonly tokenizerBytes: Uint8Array<ArrayBuffer>;
  readonly model: string;
  readonly tokenizer: string;
  /** Writes a file and returns its path. */
  put(name: string, bytes: Uint8Array | string): Promise<string>;
  remove(): Promise<void>;
}

export async function modelFolder(header: Partial<ModelHeader> = {}): Promise<ModelFolder> {
  const path = await mkdtemp(join(tmpdir(), 'shoal-cli-'));
  const put = async (name: string, bytes: Uint8Array | string): Promise<string> => {
    await writeFile(join(path, name), bytes);
    return join(path, name);
  };
  const { bytes: modelBytes } = await tinyModel(header);
  const tokenizerBytes = await vocabularyBytes(tinyVocabulary(300));
  return {
    path,
    modelBytes,
    tokenizerBytes,
    model: await put('tiny.m', modelBytes),
    tokenizer: await put('tiny.t', tokenizerBytes),
    put,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

export async function vocabularyBytes(vocabulary: Vocabulary): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await writeVocabulary(vocabulary, sink);
  return sink.bytes();
}
