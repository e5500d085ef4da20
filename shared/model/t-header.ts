// The `.t` header: which numbered keys there are and what they say, checked against the file's size. Knows no tokens.

import type { Bytes, TokenId } from '../units.ts';
import type { ByteSource } from './byte-source.ts';
import { readBytes, readPairs, viewOf } from './header-pairs.ts';
import { BadHeaderError, MissingHeaderKeyError } from './model-errors.ts';

export const T_MAGIC = 0x567124;
export const OLD_T_MAGIC = 0x567123;

export const T_KEY = {
  version: 0,
  vocabSize: 1,
  maxTokenLength: 2,
  bosId: 3,
  eosId: 4,
  padId: 5,
  chatEosId: 6,
  templateLength: 7,
  stopLength: 8,
  eosCount: 9,
  addBos: 10,
} as const;

export const T_KEY_MEANINGS: ReadonlyMap<number, string> = new Map([
  [T_KEY.version, 'version'],
  [T_KEY.vocabSize, 'vocab size'],
  [T_KEY.maxTokenLength, 'max token length'],
  [T_KEY.bosId, 'bos id'],
  [T_KEY.eosId, 'eos id'],
  [T_KEY.padId, 'pad id'],
  [T_KEY.chatEosId, 'chat eos id'],
  [T_KEY.templateLength, 'chat template length'],
  [T_KEY.stopLength, 'chat stop length'],
  [T_KEY.eosCount, 'number of eos ids'],
  [T_KEY.addBos, 'add bos'],
]);

/** What either kind of header says. After it come the template, the stop text and the eos ids, each perhaps empty. */
export interface TokenizerHeader {
  readonly end: Bytes;
  readonly vocabSize: number;
  readonly maxTokenLength: Bytes;
  readonly bosId: TokenId | undefined;
  /** The eos ids that stand in the header itself. */
  readonly eosIds: readonly TokenId[];
  readonly addBos: boolean;
  readonly templateLength: Bytes;
  readonly stopLength: Bytes;
  readonly eosCount: number;
}

/** Every token has a score, a length and at least a byte. */
const MIN_TOKEN_BYTES = 9;

export async function readTokenizerHeader(source: ByteSource, old: boolean): Promise<TokenizerHeader> {
  const header = old ? await readOldHeader(source) : await readPairHeader(source);
  const { vocabSize, maxTokenLength, bosId, eosIds } = header;
  const fail = (cause: string): never => {
    throw new BadHeaderError(source.name, cause, 'convert the tokenizer again or download it again');
  };
  if (vocabSize < 1) fail(`vocab size is ${vocabSize}`);
  if (maxTokenLength < 1) fail(`max token length is ${maxTokenLength}`);
  for (const [what, length] of [
    ['chat template length', header.templateLength],
    ['chat stop length', header.stopLength],
    ['number of eos ids', header.eosCount],
  ] as const) {
    if (length < 0) fail(`${what} is ${length}`);
  }
  checkTokenId('bos id', bosId, header, source.name);
  for (const id of eosIds) checkTokenId('eos id', id, header, source.name);

  const least = header.templateLength + header.stopLength + 4 * header.eosCount + MIN_TOKEN_BYTES * vocabSize;
  if (header.end + least > source.size) {
    fail(`it promises ${vocabSize} tokens and ${least} bytes at least, but only ${source.size - header.end} follow`);
  }
  return header;
}

export function checkTokenId(what: string, id: TokenId | undefined, header: TokenizerHeader, file: string): void {
  if (id === undefined || (id >= 0 && id < header.vocabSize)) return;
  const cause = `${what} ${id} is not one of its ${header.vocabSize} tokens`;
  throw new BadHeaderError(file, cause, 'convert the tokenizer again or download it again');
}

/** SentencePiece says −1 where there is no such token, and so do files made from it. */
const presentId = (id: number | undefined): TokenId | undefined => (id === -1 ? undefined : id);
const presentIds = (...ids: (number | undefined)[]): TokenId[] =>
  ids.map(presentId).filter((id): id is TokenId => id !== undefined);

async function readPairHeader(source: ByteSource): Promise<TokenizerHeader> {
  const { values, end } = await readPairs(source, T_KEY_MEANINGS);
  const need = (key: number): number => {
    const value = values.get(key);
    if (value === undefined) throw new MissingHeaderKeyError(source.name, key, T_KEY_MEANINGS.get(key) ?? '');
    return value;
  };
  const version = need(T_KEY.version);
  if (version !== 1)
    throw new BadHeaderError(source.name, `version ${version} is not 1`, 'convert the tokenizer again');
  const bosId = presentId(values.get(T_KEY.bosId));
  // Files from before key 10 always put bos first.
  const addBos = values.get(T_KEY.addBos) ?? 1;
  if (addBos !== 0 && addBos !== 1) throw new BadHeaderError(source.name, `add bos is ${addBos}, neither 0 nor 1`);
  return {
    end,
    vocabSize: need(T_KEY.vocabSize),
    maxTokenLength: need(T_KEY.maxTokenLength),
    bosId,
    eosIds: presentIds(values.get(T_KEY.eosId), values.get(T_KEY.chatEosId)),
    addBos: bosId !== undefined && addBos === 1,
    templateLength: values.get(T_KEY.templateLength) ?? 0,
    stopLength: values.get(T_KEY.stopLength) ?? 0,
    eosCount: values.get(T_KEY.eosCount) ?? 0,
  };
}

/** The old header: vocab size, max token length, bos, eos and pad ids, straight after the magic. */
async function readOldHeader(source: ByteSource): Promise<TokenizerHeader> {
  const view = viewOf(await readBytes(source, 4, 20, 'the header'));
  const [vocabSize, maxTokenLength, bos, eos] = [0, 4, 8, 12].map((at) => view.getInt32(at, true));
  const bosId = presentId(bos);
  return {
    end: 24,
    vocabSize,
    maxTokenLength,
    bosId,
    eosIds: presentIds(eos),
    addBos: bosId !== undefined,
    templateLength: 0,
    stopLength: 0,
    eosCount: 0,
  };
}
