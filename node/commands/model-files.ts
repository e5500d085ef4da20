// Finds and opens a model with its tokenizer, and tells before anything large is read whether they can be used.

import { readdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { ShoalError } from '../../shared/errors.ts';
import { cacheBytes } from '../../shared/layout/memory.ts';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import type { ModelHeader } from '../../shared/model/header.ts';
import { readModel } from '../../shared/model/m-file.ts';
import type { Model } from '../../shared/model/model.ts';
import { readVocabulary } from '../../shared/model/t-file.ts';
import { createTokenizer, type Tokenizer } from '../../shared/text/tokenizer.ts';
import { assertTokenizerFits } from '../../shared/text/tokenizer-fit.ts';
import type { Bytes } from '../../shared/units.ts';
import type { Vocabulary } from '../../shared/vocabulary.ts';
import { storageError } from '../storage/storage-errors.ts';
import type { ModelSurroundings } from './command.ts';
import type { OptionValues } from './options.ts';
import { MissingArgumentError } from './usage-errors.ts';

export interface ModelFiles extends AsyncDisposable {
  readonly model: Model;
  /** The model's, with a context that may have been shortened. */
  readonly header: ModelHeader;
  readonly vocabulary: Vocabulary;
  readonly tokenizer: Tokenizer;
  readonly paths: { readonly model: string; readonly tokenizer: string };
  /** What was chosen for the user, who should know; undefined if nothing was. */
  readonly remark: string | undefined;
}

type FileOptions = Pick<OptionValues, 'model' | 'tokenizer' | 'max-seq-len'>;

export async function openModelFiles(
  command: string,
  options: FileOptions,
  { openFile, demo }: Pick<ModelSurroundings, 'openFile' | 'demo'>,
): Promise<ModelFiles> {
  const isDemo = options.model === undefined && options.tokenizer === undefined;
  const modelPath = isDemo ? demo.model : options.model;
  if (modelPath === undefined) throw new MissingArgumentError(command, 'the model of that tokenizer', '--model FILE');
  const source = await openFile(modelPath);
  try {
    const model = await readModel(source);
    const tokenizerPath = isDemo ? demo.tokenizer : (options.tokenizer ?? (await tokenizerBeside(command, modelPath)));
    const vocabulary = await readTokenizer(await openFile(tokenizerPath));
    assertTokenizerFits(vocabulary, model.header.vocabSize);
    const seqLen = Math.min(model.header.seqLen, options['max-seq-len'] ?? Number.POSITIVE_INFINITY);
    const header = { ...model.header, seqLen };
    return {
      model,
      header,
      vocabulary,
      tokenizer: createTokenizer(vocabulary),
      paths: { model: modelPath, tokenizer: tokenizerPath },
      remark: remarkOn(isDemo, options, tokenizerPath),
      [Symbol.asyncDispose]: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readTokenizer(source: ByteSource): Promise<Vocabulary> {
  try {
    return await readVocabulary(source);
  } finally {
    await source.close();
  }
}

/** The tokenizer of the model's name, or the only one in its folder. */
async function tokenizerBeside(command: string, modelPath: string): Promise<string> {
  const folder = dirname(modelPath);
  const found = (await namesIn(folder)).filter((name) => extname(name) === '.t');
  const namesake = `${basename(modelPath, extname(modelPath))}.t`;
  const chosen = found.includes(namesake) ? namesake : found.length === 1 ? found[0] : undefined;
  if (chosen !== undefined) return join(folder, chosen);
  const beside = found.length === 0 ? 'none lies beside it' : `${found.length} lie beside it, none of them ${namesake}`;
  throw new MissingArgumentError(command, `a tokenizer for ${modelPath}, and ${beside}`, '--tokenizer FILE');
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw storageError(folder, 'read', error);
  }
}

function remarkOn(isDemo: boolean, options: FileOptions, tokenizerPath: string): string | undefined {
  if (isDemo) return 'Using the demo model, which tells little stories; --model FILE takes another.';
  return options.tokenizer === undefined ? `Using the tokenizer ${tokenizerPath}.` : undefined;
}

class TooLittleMemoryError extends ShoalError {
  readonly blame = 'runtime';

  constructor(weights: number, cache: number, memory: number, remedy: string) {
    const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    super(
      `The model needs ${gb(weights)} for its weights and ${gb(cache)} for its context, but this machine has ` +
        `${gb(memory)}; ${remedy}`,
    );
  }
}

/** Keys and values of a token. */
export const positionBytes = (header: ModelHeader): Bytes => header.layers * header.kvHeads * cacheBytes(header, 1);

/** Long contexts of recent models want more than their weights; better a word now than a machine that swaps. */
export function assertMemory(header: ModelHeader, weights: number): void {
  const limit = process.constrainedMemory(); // of the container; a huge number or 0 where there is none
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const position = positionBytes(header);
  const cache = header.seqLen * position;
  if (weights + cache <= memory) return;
  const fitting = Math.floor((0.8 * memory - weights) / position);
  const remedy = fitting >= 256 ? `give --max-seq-len ${fitting} or less` : 'choose a smaller model';
  throw new TooLittleMemoryError(weights, cache, memory, remedy);
}
