// A tokenizer's data as a file holds it. It knows no algorithm: `model` reads and writes it, `text` gives it meaning.

import type { TokenId } from './units.ts';

export interface Vocabulary {
  /** The bytes of each token, by id. */
  readonly pieces: readonly Uint8Array[];
  /** Merge priority of each token, higher first; Llama-2 files hold SentencePiece scores, the others minus the rank. */
  readonly scores: Float32Array;
  /** Begin of sequence; undefined where the model has none. */
  readonly bosId: TokenId | undefined;
  /** The ids that end an answer. */
  readonly eosIds: readonly TokenId[];
  /** Whether encoding a text puts `bosId` first. */
  readonly addBos: boolean;
  /** A Jinja template that turns messages into a prompt. */
  readonly chatTemplate: string | undefined;
}
