// A vocabulary made searchable: which token has these bytes, which stands for a lone byte, which merge comes first, and
// which tokens are no text at all. Knows nothing of how a family cuts its texts.

import type { TokenId } from '../units.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { findSpecialTokens, type SpecialTokens } from './special-tokens.ts';
import { byteStringOfBytes } from './utf8.ts';

export interface PieceIndex {
  /** What each token puts into a text; `<0x0A>` is one byte. */
  readonly bytes: readonly Uint8Array[];
  readonly special: SpecialTokens;
  /** The tokens that text can be made of, by byte string. */
  readonly ordinary: ReadonlyMap<string, TokenId>;
  /** The token of each lone byte, or -1. */
  readonly byteTokens: Int32Array;
  /** Whether lone bytes are written `<0x0A>`, as SentencePiece writes them. */
  readonly hasWrittenBytes: boolean;
  /** Merge order by token: 0 first; equal scores rank equally. */
  readonly ranks: Int32Array;
  /** The length of the longest ordinary token in bytes. */
  readonly longest: number;
}

export function indexPieces(vocabulary: Vocabulary): PieceIndex {
  const texts = vocabulary.pieces.map(byteStringOfBytes);
  const special = findSpecialTokens(vocabulary, texts);
  const bytes = [...vocabulary.pieces];
  const ordinary = new Map<string, TokenId>();
  const byteTokens = new Int32Array(256).fill(-1);
  const written = texts.map(writtenByte);
  const hasWrittenBytes = new Set(written).size === 257;
  let longest = 0;
  for (let id = 0; id < texts.length; id++) {
    const text = texts[id]!;
    const byte = hasWrittenBytes ? written[id]! : text.length === 1 ? text.charCodeAt(0) : -1;
    // The lowest id is the byte's own: where SentencePiece's byte tokens were converted to raw bytes, the letter `a` is
    // there twice, as a byte and, further back, as a character. Text is made of characters, so there the highest wins.
    if (byte >= 0 && byteTokens[byte]! < 0) byteTokens[byte] = id;
    if (byte >= 0 && hasWrittenBytes) bytes[id] = Uint8Array.of(byte);
    else if (!special.has(id) && text.length > 0) {
      ordinary.set(text, id);
      longest = Math.max(longest, text.length);
    }
  }
  return { bytes, special, ordinary, byteTokens, hasWrittenBytes, ranks: rankByScore(vocabulary), longest };
}

const writtenByte = (text: string): number =>
  text.length === 6 && /^<0x[0-9A-F]{2}>$/.test(text) ? Number.parseInt(text.slice(3, 5), 16) : -1;

/** Each token's rank is the number of tokens that score higher. */
function rankByScore({ scores, pieces }: Vocabulary): Int32Array {
  const sorted = Float32Array.from(scores).sort();
  return Int32Array.from(pieces, (_, id) => {
    const score = scores[id]!;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! <= score) low = middle + 1;
      else high = middle;
    }
    return sorted.length - low;
  });
}
