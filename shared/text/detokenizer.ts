// From token ids to text while they arrive: gives out whole characters only, and in the end what decoding all ids at once
// would have given. Knows the tokenizer, and nothing of stop strings.

import type { TokenId } from '../units.ts';
import type { Tokenizer } from './tokenizer.ts';
import { createUtf8Decoder } from './utf8.ts';

export interface DetokenizerOptions {
  /** Leave out the marks that a reader should not see. Default true. */
  readonly skipSpecial?: boolean;
  /**
   * The ids continue a text that the reader already has ("Once upon" → " a time"), so the first word keeps its space.
   * Default false: they are a text of their own, an answer say, and the space that a Llama-2 tokenizer puts before a
   * text's first word is dropped. Makes no difference to the other families.
   */
  readonly continues?: boolean;
}

export interface Detokenizer {
  push(id: TokenId): string;
  /** Ends the text: what was held back of a character that never came is U+FFFD. The next `push` begins a new text. */
  flush(): string;
}

const SPACE = 0x20;

export function createDetokenizer(
  tokenizer: Pick<Tokenizer, 'pieceBytes' | 'isSpecial' | 'bosId' | 'addsLeadingSpace'>,
  { skipSpecial = true, continues = false }: DetokenizerOptions = {},
): Detokenizer {
  const decoder = createUtf8Decoder();
  let atStart = !continues;
  return {
    push(id) {
      if (skipSpecial && tokenizer.isSpecial(id)) {
        // Encoding adds its space after a begin token, but not after another special token.
        if (id !== tokenizer.bosId) atStart = false;
        return '';
      }
      const bytes = tokenizer.pieceBytes(id);
      const dropsSpace = atStart && tokenizer.addsLeadingSpace && bytes[0] === SPACE;
      atStart = false;
      return decoder.decode(dropsSpace ? bytes.subarray(1) : bytes, { stream: true });
    },
    flush() {
      atStart = !continues;
      return decoder.decode();
    },
  };
}
