// Writes a Vocabulary as a `.t` tokenizer file, such as distributed-llama reads. The old kind serves old programs.

import type { Vocabulary } from '../vocabulary.ts';
import type { ByteSink } from './byte-sink.ts';
import { pairsBytes, viewOf } from './header-pairs.ts';
import { NotExpressibleError } from './model-errors.ts';
import { OLD_T_MAGIC, T_KEY, T_MAGIC } from './t-header.ts';
import { encodeUtf8 } from './utf8.ts';

/** Tokens are small, sinks may be files: hand over this much at once. */
const CHUNK_BYTES = 256 * 1024;

export async function writeVocabulary(vocabulary: Vocabulary, sink: ByteSink): Promise<void> {
  check(vocabulary);
  const { pieces, bosId, eosIds, addBos, chatTemplate } = vocabulary;
  const template = encodeUtf8(chatTemplate ?? '');
  const pairs: [number, number][] = [
    [T_KEY.version, 1],
    [T_KEY.vocabSize, pieces.length],
    [T_KEY.maxTokenLength, longest(pieces)],
  ];
  if (bosId !== undefined) pairs.push([T_KEY.bosId, bosId]);
  if (template.length > 0) pairs.push([T_KEY.templateLength, template.length]);
  pairs.push([T_KEY.eosCount, eosIds.length], [T_KEY.addBos, addBos ? 1 : 0]);
  await sink.write(pairsBytes(T_MAGIC, pairs));
  await sink.write(template);
  await sink.write(i32s(eosIds));
  await writeTokens(vocabulary, sink);
}

/** The header of 2023: one eos id, no template, bos always first where there is one. */
export async function writeOldVocabulary(vocabulary: Vocabulary, sink: ByteSink): Promise<void> {
  check(vocabulary);
  const { pieces, bosId, eosIds, addBos, chatTemplate } = vocabulary;
  if (eosIds.length > 1) throw new NotExpressibleError('old .t', `it has ${eosIds.length} eos ids, not one`);
  if (chatTemplate !== undefined) throw new NotExpressibleError('old .t', 'it has a chat template');
  if (bosId !== undefined && !addBos)
    throw new NotExpressibleError('old .t', 'it has a bos id that is not to be added');
  await sink.write(i32s([OLD_T_MAGIC, pieces.length, longest(pieces), bosId ?? -1, eosIds[0] ?? -1, -1]));
  await writeTokens(vocabulary, sink);
}

function check({ pieces, scores, bosId, eosIds, addBos }: Vocabulary): void {
  const fail = (cause: string): never => {
    throw new NotExpressibleError('.t', cause);
  };
  if (pieces.length === 0) fail('the vocabulary has no tokens');
  if (scores.length !== pieces.length) fail(`it has ${pieces.length} tokens but ${scores.length} scores`);
  const empty = pieces.findIndex((piece) => piece.length === 0);
  if (empty >= 0) fail(`token ${empty} is empty`);
  for (const id of bosId === undefined ? eosIds : [bosId, ...eosIds]) {
    if (!Number.isInteger(id) || id < 0 || id >= pieces.length) fail(`special id ${id} is not a token`);
  }
  if (addBos && bosId === undefined) fail('bos is to be added, but there is no bos id');
}

/** The longest token's bytes. A loop, because Math.max(...lengths) overflows the stack at 150,000 tokens. */
function longest(pieces: readonly Uint8Array[]): number {
  let most = 0;
  for (const piece of pieces) most = Math.max(most, piece.length);
  return most;
}

function i32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = viewOf(bytes);
  values.forEach((value, i) => {
    view.setInt32(4 * i, value, true);
  });
  return bytes;
}

async function writeTokens({ pieces, scores }: Vocabulary, sink: ByteSink): Promise<void> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for (let id = 0; id < pieces.length; id++) {
    const needed = 8 + pieces[id].length;
    if (filled + needed > chunk.length) {
      await sink.write(chunk.subarray(0, filled));
      filled = 0;
      if (needed > chunk.length) chunk = new Uint8Array(needed);
    }
    const view = viewOf(chunk);
    view.setFloat32(filled, scores[id], true);
    view.setUint32(filled + 4, pieces[id].length, true);
    chunk.set(pieces[id], filled + 8);
    filled += needed;
  }
  await sink.write(chunk.subarray(0, filled));
}
