// Reads `.t` tokenizer files, new and old, into a Vocabulary. Knows where the bytes are, not how text becomes tokens.

import type { Bytes, TokenId } from '../units.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { ByteSource } from './byte-source.ts';
import { guessFileKind, KIND_ADVICE } from './file-kind.ts';
import { readBytes, viewOf } from './header-pairs.ts';
import { BadTokenizerError, FileTooLongError, FileTooShortError, grouped, WrongFormatError } from './model-errors.ts';
import { checkTokenId, readTokenizerHeader, type TokenizerHeader } from './t-header.ts';
import { decodeUtf8 } from './utf8.ts';

/** The largest real ones take 4 MB; a vocabulary is kept in memory whole, on phones too. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

export async function readVocabulary(source: ByteSource): Promise<Vocabulary> {
  const kind = await guessFileKind(source);
  if (kind !== 't' && kind !== 'old-t') {
    throw new WrongFormatError(`Cannot read ${source.name} as a .t tokenizer: ${KIND_ADVICE[kind]}`);
  }
  if (source.size > MAX_FILE_BYTES) {
    throw new BadTokenizerError(source.name, `it has ${grouped(source.size)} bytes, which no tokenizer needs`);
  }
  const header = await readTokenizerHeader(source, kind === 'old-t');
  const body = await readBytes(source, header.end, source.size - header.end, 'the tokens');

  // distributed-llama 0.10 to 0.12 wrote the template, then the stop text; the eos ids came later, without a stop text.
  const templateEnd = header.templateLength;
  const eosStart = templateEnd + header.stopLength;
  const tokensStart = eosStart + 4 * header.eosCount;
  const chatTemplate = templateEnd > 0 ? decodeUtf8(body.subarray(0, templateEnd)) : '';
  if (chatTemplate === undefined) throw new BadTokenizerError(source.name, 'its chat template is not UTF-8');

  const eosIds = new Set(header.eosIds);
  for (const id of eosIdsOf(body.subarray(eosStart, tokensStart))) {
    checkTokenId('eos id', id, header, source.name);
    eosIds.add(id);
  }
  return {
    ...readTokens(body, tokensStart, header, source),
    bosId: header.bosId,
    eosIds: [...eosIds],
    addBos: header.addBos,
    chatTemplate: chatTemplate === '' ? undefined : chatTemplate,
  };
}

function eosIdsOf(bytes: Uint8Array): TokenId[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** Every token is `f32 score`, `u32 length`, the bytes. The pieces are views of `body`: one allocation for all. */
function readTokens(
  body: Uint8Array,
  start: Bytes,
  { vocabSize, maxTokenLength }: TokenizerHeader,
  source: ByteSource,
): { pieces: Uint8Array[]; scores: Float32Array } {
  const view = viewOf(body);
  const pieces: Uint8Array[] = [];
  const scores = new Float32Array(vocabSize); // the header's check bounds this by the file's size
  let at = start;
  for (let id = 0; id < vocabSize; id++) {
    const what = `token ${id} of ${vocabSize}`;
    if (at + 8 > body.length) throw new FileTooShortError(source.name, what, at + 8 - body.length);
    const score = view.getFloat32(at, true);
    const length = view.getUint32(at + 4, true);
    // Merging compares scores, and a NaN would make the order depend on chance.
    if (Number.isNaN(score)) throw new BadTokenizerError(source.name, `${what} has a score that is not a number`);
    if (length === 0) throw new BadTokenizerError(source.name, `${what} is empty`);
    if (length > maxTokenLength) {
      const cause = `${what} has ${grouped(length)} bytes, more than the header's maximum of ${grouped(maxTokenLength)}`;
      throw new BadTokenizerError(source.name, cause);
    }
    at += 8;
    if (at + length > body.length) throw new FileTooShortError(source.name, what, at + length - body.length);
    scores[id] = score;
    pieces.push(body.subarray(at, at + length));
    at += length;
  }
  if (at < body.length) throw new FileTooLongError(source.name, body.length - at);
  return { pieces, scores };
}
