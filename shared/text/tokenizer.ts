// From text to token ids and back, as the model's original tokenizer does. Knows no model and no chat.

import type { TokenId } from '../units.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { createByteLevelEncoder } from './byte-level.ts';
import { createDetokenizer, type DetokenizerOptions } from './detokenizer.ts';
import { recogniseFamily, type TokenizerFamily } from './family.ts';
import { indexPieces } from './piece-index.ts';
import { createSentencePieceEncoder } from './sentence-piece.ts';
import { textOfBytes } from './utf8.ts';

export interface EncodeOptions {
  /** Put the begin-of-sequence token first, unless the text begins with it itself. Default: as the vocabulary says. */
  readonly bos?: boolean;
  /**
   * Take `<|im_start|>` and the like in the text for the tokens they name. Default true, for prompts made by a template;
   * false for a text that must not be able to end a turn or pose as another speaker.
   */
  readonly special?: boolean;
}

export interface Tokenizer {
  readonly family: TokenizerFamily;
  readonly vocabSize: number;
  readonly bosId: TokenId | undefined;
  readonly eosIds: readonly TokenId[];
  /** Whether a text's first word gets a space that decoding drops again (SentencePiece's dummy prefix). */
  readonly addsLeadingSpace: boolean;
  encode(text: string, options?: EncodeOptions): TokenId[];
  /** As `encode`, for bytes that need not be UTF-8. */
  encodeBytes(bytes: Uint8Array, options?: EncodeOptions): TokenId[];
  decode(ids: Iterable<TokenId>, options?: DetokenizerOptions): string;
  /** What a token puts into a text; nothing for an id that is no token (models pad their vocabularies). */
  pieceBytes(id: TokenId): Uint8Array;
  /** Whether it is a mark that a reader should not see. */
  isSpecial(id: TokenId): boolean;
}

const NO_BYTES = new Uint8Array();

export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const index = indexPieces(vocabulary);
  const traits = recogniseFamily(index);
  const encodeText =
    traits.symbols === 'bytes'
      ? createByteLevelEncoder(index, traits)
      : createSentencePieceEncoder(index, traits.addsLeadingSpace);
  const { bosId } = vocabulary;

  function encode(text: string, { bos = vocabulary.addBos, special = true }: EncodeOptions = {}): TokenId[] {
    const sections = special ? index.special.split(text) : text === '' ? [] : [{ text, isFirst: true }];
    const ids: TokenId[] = [];
    const [first] = sections;
    const beginsItself = first !== undefined && 'id' in first && first.id === bosId;
    if (bos && bosId !== undefined && !beginsItself) ids.push(bosId);
    for (const section of sections) {
      if ('id' in section) ids.push(section.id);
      else encodeText(section.text, section.isFirst, ids);
    }
    return ids;
  }

  const tokenizer: Tokenizer = {
    family: traits.family,
    vocabSize: vocabulary.pieces.length,
    bosId,
    eosIds: vocabulary.eosIds,
    addsLeadingSpace: traits.addsLeadingSpace,
    encode: (text, options) => encode(text.toWellFormed(), options),
    encodeBytes: (bytes, options) => encode(textOfBytes(bytes), options),
    decode(ids, options) {
      const detokenizer = createDetokenizer(tokenizer, options);
      let text = '';
      for (const id of ids) text += detokenizer.push(id);
      return text + detokenizer.flush();
    },
    pieceBytes: (id) => index.bytes[id] ?? NO_BYTES,
    isSpecial: (id) => index.special.isHidden(id),
  };
  return tokenizer;
}
