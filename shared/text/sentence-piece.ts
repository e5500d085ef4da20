// Llama 2's way from text to tokens: the text is one long word of characters; what is no token falls back to its bytes.

import { type MergeRules, mergeInto } from './merger.ts';
import type { PieceIndex } from './piece-index.ts';
import type { EncodeText } from './special-tokens.ts';
import { byteStringOfText, characterLength } from './utf8.ts';

export function createSentencePieceEncoder(index: PieceIndex, addsLeadingSpace: boolean): EncodeText {
  const { ordinary, byteTokens, special } = index;
  const unknownId = special.idOf('<unk>');
  const rules: MergeRules = {
    find: (bytes) => ordinary.get(bytes) ?? -1,
    ranks: index.ranks,
    longest: index.longest,
    symbolEnd: (bytes, at) => at + (characterLength(bytes, at) || 1),
    unknown(bytes, output) {
      for (let at = 0; at < bytes.length; at++) {
        const id = byteTokens[bytes.charCodeAt(at)]!;
        if (id >= 0) output.push(id);
        else if (unknownId !== undefined && output.at(-1) !== unknownId) output.push(unknownId);
      }
    },
  };
  return (text, isFirst, output) => {
    // `▁` is how SentencePiece writes a space, in its vocabulary and, not told apart, in its input.
    const spaced = text.replaceAll('▁', ' ');
    mergeInto(output, byteStringOfText(isFirst && addsLeadingSpace ? ` ${spaced}` : spaced), rules);
  };
}
