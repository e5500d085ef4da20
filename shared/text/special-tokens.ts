// The tokens that are not made of text: marks such as `<s>` and `<|im_start|>`, which end, begin or structure a sequence.
// A `.t` file does not say which they are, so they are known by their looks. Knows how to find them in a text.

import type { TokenId } from '../units.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { decodeUtf8 } from './utf8.ts';

/** A stretch of text, or the special token that stood there. `isFirst`: nothing came before but the begin token. */
export type Section = { readonly text: string; readonly isFirst: boolean } | { readonly id: TokenId };

/** How a family appends the tokens of a text without special tokens; `isFirst` as in Section. */
export type EncodeText = (text: string, isFirst: boolean, output: TokenId[]) => void;

export interface SpecialTokens {
  /** Whether only `split` gives this token, never ordinary text. */
  has(id: TokenId): boolean;
  /** Whether a reader should not see it. */
  isHidden(id: TokenId): boolean;
  idOf(text: string): TokenId | undefined;
  split(text: string): Section[];
}

/** `<|im_start|>` and DeepSeek's `<｜User｜>`, with its full-width bars. */
const BARRED = /^<[|｜].+[|｜]>$/u;
/** Parsed as one token, but a reader sees them: part of the answer's own notation, or (the barred ones) marked so in Qwen. */
const VISIBLE = new Set([
  ...['think', 'tool_call', 'tool_response'].flatMap((name) => [`<${name}>`, `</${name}>`]),
  ...['fim_prefix', 'fim_middle', 'fim_suffix', 'fim_pad', 'repo_name', 'file_sep'].map((name) => `<|${name}|>`),
]);
/** SentencePiece's own marks. They stand in the first three places; elsewhere `<s>` is a struck-through word in HTML. */
const SENTENCE_PIECE = ['<unk>', '<s>', '</s>'];

export function findSpecialTokens(vocabulary: Vocabulary, byteStrings: readonly string[]): SpecialTokens {
  const ends = new Set(vocabulary.eosIds);
  if (vocabulary.bosId !== undefined) ends.add(vocabulary.bosId);
  const byText = new Map<string, TokenId>();
  // Upwards, so that of two tokens with one text the later is the special one: specials are added at the end.
  for (let id = 0; id < byteStrings.length; id++) {
    const bytes = byteStrings[id]!;
    if (bytes.length < 3 || bytes[0] !== '<' || bytes.at(-1) !== '>') continue;
    const text = decodeUtf8(vocabulary.pieces[id]!);
    const isSpecial =
      BARRED.test(text) || VISIBLE.has(text) || (id < 3 && SENTENCE_PIECE.includes(text)) || ends.has(id);
    if (isSpecial && !ends.has(byText.get(text) ?? -1)) byText.set(text, id);
  }
  const ids = new Set(byText.values());
  const visible = new Set([...byText].filter(([text]) => VISIBLE.has(text)).map(([, id]) => id));
  // Longest first: where one special token begins with another, the longer one is meant.
  const texts = [...byText.keys()].sort((a, b) => b.length - a.length);
  const pattern = texts.length > 0 ? new RegExp(texts.map(escapePattern).join('|'), 'gu') : undefined;

  return {
    has: (id) => ids.has(id),
    // A file may name any token as the end, a line break say; whatever it looks like, it is not part of the answer.
    isHidden: (id) => ends.has(id) || (ids.has(id) && !visible.has(id)),
    idOf: (text) => byText.get(text),
    split(text) {
      const sections: Section[] = [];
      let from = 0;
      let isFirst = true;
      for (const match of pattern ? text.matchAll(pattern) : []) {
        if (match.index > from) sections.push({ text: text.slice(from, match.index), isFirst });
        const id = byText.get(match[0])!;
        sections.push({ id });
        isFirst = match.index === 0 && id === vocabulary.bosId;
        from = match.index + match[0].length;
      }
      if (from < text.length) sections.push({ text: text.slice(from), isFirst });
      return sections;
    },
  };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
