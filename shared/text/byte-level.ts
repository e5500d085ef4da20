// Llama 3's and Qwen's way from text to tokens: cut into pre-tokens (words, numbers, punctuation, white space), then merge
// the bytes of each.

import type { TokenId } from '../units.ts';
import type { FamilyTraits } from './family.ts';
import { type MergeRules, mergeInto } from './merger.ts';
import type { PieceIndex } from './piece-index.ts';
import type { EncodeText } from './special-tokens.ts';
import { byteStringOfText } from './utf8.ts';

/** Texts repeat their words; the cache forgets all at this size. */
const CACHED_WORDS = 20_000;
/** Longer pre-tokens hardly repeat. */
const CACHED_LENGTH = 64;

export function createByteLevelEncoder(index: PieceIndex, traits: FamilyTraits): EncodeText {
  const { ordinary } = index;
  const pattern = preTokenPattern(traits.digitRun);
  const rules: MergeRules = {
    find: (bytes) => ordinary.get(bytes) ?? -1,
    ranks: index.ranks,
    longest: index.longest,
    symbolEnd: (_, at) => at + 1,
    unknown() {},
  };
  const cache = new Map<string, TokenId[]>();

  function encodeWord(word: string): TokenId[] {
    const bytes = byteStringOfText(word);
    const whole = traits.takesWholePreTokens ? ordinary.get(bytes) : undefined;
    if (whole !== undefined) return [whole];
    const ids: TokenId[] = [];
    mergeInto(ids, bytes, rules);
    return ids;
  }

  return (text, _isFirst, output) => {
    for (const [word] of (traits.normalizes ? text.normalize('NFC') : text).matchAll(pattern)) {
      let ids = cache.get(word);
      if (ids === undefined) {
        ids = encodeWord(word);
        if (cache.size >= CACHED_WORDS) cache.clear();
        if (word.length <= CACHED_LENGTH) cache.set(word, ids);
      }
      for (const id of ids) output.push(id);
    }
  };
}

/**
 * The pattern of the original `tokenizer.json`, in which every character has its place. White space is spelled out, as
 * JavaScript's `\s` has U+FEFF, the byte order mark, and lacks U+0085. So is the case-insensitive group, which Safari
 * learned late; `ſ` folds to `s`. Repetition has a bound because engines keep a stack of the choices they made, and
 * some four million of them overflow it; no real text has a word that long.
 */
function preTokenPattern(digitRun: number): RegExp {
  const space = '\\p{White_Space}';
  const some = '{1,1000000}';
  const any = '{0,1000000}';
  return new RegExp(
    [
      "'(?:[sSſtTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])",
      `[^\\r\\n\\p{L}\\p{N}]?\\p{L}${some}`,
      `\\p{N}{1,${digitRun}}`,
      ` ?[^${space}\\p{L}\\p{N}]${some}[\\r\\n]${any}`,
      `${space}${any}[\\r\\n]${some}`,
      `${space}${some}(?![^${space}])`,
      `${space}${some}`,
    ].join('|'),
    'gu',
  );
}
