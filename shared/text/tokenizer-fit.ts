// Whether a tokenizer belongs to a model, as far as sizes can tell.

import type { Vocabulary } from '../vocabulary.ts';
import { TokenizerMismatchError } from './text-errors.ts';

/**
 * A model may know more ids than its tokenizer has tokens: vocabularies are padded to round numbers (Qwen 3: 151,669
 * tokens, 151,936 ids), and a padding id that is sampled nevertheless decodes to nothing. The other way is a mistake.
 */
export function assertTokenizerFits(vocabulary: Vocabulary, vocabSize: number): void {
  const tokens = vocabulary.pieces.length;
  if (tokens > vocabSize) throw TokenizerMismatchError.tooManyTokens(tokens, vocabSize);
  const named = { begin: vocabulary.bosId === undefined ? [] : [vocabulary.bosId], end: vocabulary.eosIds };
  for (const [role, ids] of Object.entries(named)) {
    for (const id of ids) if (id < 0 || id >= tokens) throw TokenizerMismatchError.unknownToken(role, id, tokens);
  }
}
