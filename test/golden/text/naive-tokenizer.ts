// The slow obvious tokenizers, for inputs that the originals cannot take: bytes that are not UTF-8. They follow the original's
// merge list, which ours does not see, and share no code with ours.

import { type Original, PRINTABLE } from './originals.ts';

const rankPairs = (original: Original): Map<string, number> =>
  new Map(original.merges.map(([left, right], rank) => [JSON.stringify([left, right]), rank]));

/** Merges the best pair, leftmost first, until there is none; looks at all pairs each time. */
function mergeAll(parts: string[], ranks: ReadonlyMap<string, number>): string[] {
  for (;;) {
    let best = -1;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(JSON.stringify([parts[i], parts[i + 1]])) ?? Number.POSITIVE_INFINITY;
      if (rank < bestRank) [best, bestRank] = [i, rank];
    }
    if (best < 0) return parts;
    parts.splice(best, 2, parts[best]! + parts[best + 1]!);
  }
}

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) !== undefined;
  } catch {
    return false;
  }
};

/** The characters in some bytes; a byte that begins none is given as a number. */
function characters(bytes: Uint8Array): (string | number)[] {
  const found: (string | number)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((n) => at + n <= bytes.length && isUtf8(bytes.subarray(at, at + n)));
    if (length === undefined) found.push(bytes[at]!);
    else found.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, at + length)));
    at += length ?? 1;
  }
  return found;
}

/** Llama 2's: one word, a space put before it; a part that is no token becomes its bytes' tokens. */
export function naiveSentencePiece(original: Original): (bytes: Uint8Array) => number[] {
  const ranks = rankPairs(original);
  const ids = new Map(original.vocabulary.pieces.map((piece, id) => [new TextDecoder().decode(piece), id]));
  const byteId = (byte: number): number => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)!;
  return (bytes) => {
    const output: number[] = [];
    const word: string[] = ['▁'];
    const endWord = () => {
      for (const part of mergeAll(word.splice(0), ranks)) {
        const id = ids.get(part.replaceAll('▁', ' '));
        if (id !== undefined) output.push(id);
        else output.push(...[...new TextEncoder().encode(part)].map(byteId));
      }
    };
    for (const character of characters(bytes)) {
      if (typeof character === 'string') word.push(character.replace(' ', '▁'));
      else {
        endWord();
        output.push(byteId(character));
      }
    }
    endWord();
    return output;
  };
}

/** Byte-level: as the original's pattern would cut the text if each odd byte were a symbol. */
export function naiveByteLevel(original: Original, pattern: RegExp, options: { nfc: boolean; wholeFirst: boolean }) {
  const ranks = rankPairs(original);
  const printable = new Map([...PRINTABLE].map(([unit, byte]) => [byte, unit]));
  const spell = (bytes: Iterable<number>): string => Array.from(bytes, (byte) => printable.get(byte)!).join('');
  const added = new Set(original.addedTokens.map((token) => token.id));
  const ids = new Map<string, number>();
  original.vocabulary.pieces.forEach((piece, id) => {
    if (!added.has(id)) ids.set(spell(piece), id);
  });
  return (bytes: Uint8Array): number[] => {
    // Lone surrogates stand for odd bytes; the pattern takes them as it takes U+FFFD, a symbol.
    const odd = 0xdc00;
    const text = characters(bytes)
      .map((character) => (typeof character === 'string' ? character : String.fromCodePoint(odd + character)))
      .join('');
    const output: number[] = [];
    for (const [word] of (options.nfc ? text.normalize('NFC') : text).matchAll(pattern)) {
      const wordBytes = [...word].flatMap((character) => {
        const code = character.codePointAt(0)!;
        return code >= odd && code <= odd + 0xff ? [code - odd] : [...new TextEncoder().encode(character)];
      });
      const whole = options.wholeFirst ? ids.get(spell(wordBytes)) : undefined;
      if (whole !== undefined) output.push(whole);
      else output.push(...mergeAll([...spell(wordBytes)], ranks).map((part) => ids.get(part)!));
    }
    return output;
  };
}
