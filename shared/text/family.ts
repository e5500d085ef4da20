// Which tokenizer a vocabulary belongs to, told by what stands in it, and what that tokenizer does besides merging.

import type { PieceIndex } from './piece-index.ts';

export type TokenizerFamily = 'llama2' | 'llama3' | 'qwen';

export interface FamilyTraits {
  readonly family: TokenizerFamily;
  /** `characters`: SentencePiece, with bytes for characters it lacks. `bytes`: pre-tokens, then merging of their bytes. */
  readonly symbols: 'characters' | 'bytes';
  /** A text's first word gets a space, as all other words have one. */
  readonly addsLeadingSpace: boolean;
  /** The most digits that stay together before merging. */
  readonly digitRun: 1 | 3;
  readonly normalizes: boolean;
  /** A pre-token that is a token is taken whole, without merging. */
  readonly takesWholePreTokens: boolean;
}

/**
 * Unknown and made-up vocabularies are told by their bytes: written `<0x0A>`, or not all there, they are taken for Llama
 * 2's kin; raw, for Llama 3's if numbers of three digits are tokens, else for Qwen's, but without its normalisation.
 */
export function recogniseFamily(index: PieceIndex): FamilyTraits {
  const { special, ordinary, hasWrittenBytes } = index;
  const names = (...texts: string[]): boolean => texts.some((text) => special.idOf(text) !== undefined);
  const hasBytes = index.byteTokens.every((id) => id >= 0);
  if (hasWrittenBytes || (hasBytes && hasLettersBesideBytes(index))) return LLAMA2;
  if (names('<|begin_of_text|>', '<|start_header_id|>', '<|eot_id|>')) return LLAMA3;
  if (names('<|im_start|>', '<|endoftext|>')) return QWEN;
  // Without bytes to fall back to it is no SentencePiece as Llama 2 has it, so it gets no space either.
  if (!hasBytes) return { ...LLAMA2, addsLeadingSpace: false };
  return ordinary.has('123') ? LLAMA3 : { ...QWEN, normalizes: false };
}

/** A Llama-2 vocabulary whose byte tokens were converted to raw bytes still has its letters as characters too. */
function hasLettersBesideBytes({ ordinary, byteTokens }: PieceIndex): boolean {
  return [...'etaoinshr'].every((letter) => ordinary.get(letter) !== byteTokens[letter.charCodeAt(0)]);
}

const LLAMA2: FamilyTraits = {
  family: 'llama2',
  symbols: 'characters',
  addsLeadingSpace: true,
  digitRun: 1,
  normalizes: false,
  takesWholePreTokens: false,
};
const LLAMA3: FamilyTraits = {
  ...LLAMA2,
  family: 'llama3',
  symbols: 'bytes',
  addsLeadingSpace: false,
  digitRun: 3,
  takesWholePreTokens: true,
};
const QWEN: FamilyTraits = { ...LLAMA3, family: 'qwen', digitRun: 1, normalizes: true, takesWholePreTokens: false };
