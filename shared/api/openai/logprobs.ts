// Log-probabilities of tokens in the two forms that OpenAI's API has had.

import type { GeneratedToken } from '../../engine/generation.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import { decodeUtf8 } from '../../text/utf8.ts';
import type { TokenId } from '../../units.ts';

interface TokenLogprob {
  /** With U+FFFD where the bytes are no whole character. */
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

export interface ChatLogprob extends TokenLogprob {
  readonly top_logprobs: readonly TokenLogprob[];
}

/** JSON has no infinities. */
const LEAST = -9999;

/** Of those tokens that are text and have any. */
export function chatLogprobs(tokens: readonly GeneratedToken[], tokenizer: Tokenizer): ChatLogprob[] {
  const one = (id: TokenId, logprob: number): TokenLogprob => {
    const bytes = tokenizer.pieceBytes(id);
    return { token: decodeUtf8(bytes), logprob: Math.max(LEAST, logprob), bytes: [...bytes] };
  };
  return tokens.flatMap(({ id, isStop, logprobs }) => {
    if (isStop || !logprobs) return [];
    return { ...one(id, logprobs.logprob), top_logprobs: logprobs.top.map((top) => one(top.id, top.logprob)) };
  });
}

export interface CompletionLogprobs {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  readonly top_logprobs: Record<string, number>[];
  readonly text_offset: number[];
}

/** The older form; `offset` is where in the answer the first of them stands. */
export function completionLogprobs(of: readonly ChatLogprob[], offset: number): CompletionLogprobs {
  let at = offset;
  return {
    tokens: of.map(({ token }) => token),
    token_logprobs: of.map(({ logprob }) => logprob),
    top_logprobs: of.map(({ top_logprobs: top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: of.map(({ token }) => {
      const here = at;
      at += token.length;
      return here;
    }),
  };
}
