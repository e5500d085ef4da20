// Text for a prompt of token ids, piece by piece: joins the engine, the detokenizer and the search for stop strings.
// It knows no chat, no HTTP and no terminal; commands and the HTTP API stand on it.

import type { Engine } from '../engine/engine.ts';
import type { FinishReason, GeneratedToken, Generation, GenerationSummary } from '../engine/generation.ts';
import type { GenerateRequest } from '../engine/request.ts';
import { createDetokenizer } from '../text/detokenizer.ts';
import { createStopMatcher } from '../text/stop-matcher.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

export interface TextRequest extends GenerateRequest {
  /** Tokens that end the answer; absent: the tokenizer's ends. */
  readonly stopIds?: GenerateRequest['stopIds'];
  /** Texts that end the answer and are not part of it. */
  readonly stop?: readonly string[] | undefined;
  /** The text goes on where the prompt ended, rather than being an answer of its own (see DetokenizerOptions). */
  readonly continues?: boolean | undefined;
}

export interface TextPiece {
  /** Whole characters; empty only in a last piece that has tokens but no text. */
  readonly text: string;
  /** The tokens since the piece before. What is held back, as it may begin a stop string, comes with a later one. */
  readonly tokens: readonly GeneratedToken[];
}

export interface TextSummary extends GenerationSummary {
  readonly text: string;
  /** Tokens up to the end of the text. The engine may have been some tokens further when a stop text was found. */
  readonly textTokens: number;
}

/** To be iterated once. Leaving the loop early cancels; an error of the engine is thrown by the loop and by `finished`. */
export interface TextGeneration extends AsyncIterable<TextPiece> {
  /** Resolves after the iteration has ended. */
  readonly finished: Promise<TextSummary>;
  cancel(reason?: FinishReason): void;
}

/** Throws at once, like `engine.generate`, if the request is impossible. */
export function generateText(engine: Engine, tokenizer: Tokenizer, request: TextRequest): TextGeneration {
  return readText(engine.generate({ ...request, stopIds: request.stopIds ?? tokenizer.eosIds }), tokenizer, request);
}

/** The text of tokens that are being generated. */
export function readText(
  generation: Generation,
  tokenizer: Tokenizer,
  request: Pick<TextRequest, 'stop' | 'continues'>,
): TextGeneration {
  const detokenizer = createDetokenizer(tokenizer, { continues: request.continues ?? false });
  const matcher = createStopMatcher(request.stop ?? []);
  const settle = Promise.withResolvers<TextSummary>();
  settle.promise.catch(() => {}); // a caller who only iterates sees the error there
  let whole = '';
  let textTokens = 0;
  let stopped = false;

  async function* pieces(): AsyncGenerator<TextPiece, void, undefined> {
    let tokens: GeneratedToken[] = [];
    const piece = (text: string): TextPiece => {
      const complete = { text, tokens };
      whole += text;
      tokens = [];
      return complete;
    };
    for await (const batch of generation) {
      let text = '';
      for (const token of batch) {
        tokens.push(token);
        textTokens++;
        if (token.isStop) continue;
        const found = matcher.push(detokenizer.push(token.id));
        text += found.text;
        stopped = found.stopped;
        if (stopped) break;
      }
      if (stopped) generation.cancel('stop');
      if (text !== '') yield piece(text);
      if (stopped) break;
    }
    // The last character may be broken off, and what looked like the beginning of a stop string was none.
    const last = stopped ? '' : matcher.push(detokenizer.flush()).text + matcher.flush();
    if (last !== '' || tokens.length > 0) yield piece(last);
  }

  async function* settled(): AsyncGenerator<TextPiece, void, undefined> {
    try {
      yield* pieces();
    } finally {
      generation.cancel();
      generation.finished.then((summary) => {
        // An engine in another thread may have come to the end meanwhile.
        const finishReason = stopped ? 'stop' : summary.finishReason;
        settle.resolve({ ...summary, finishReason, text: whole, textTokens });
      }, settle.reject);
    }
  }

  const iterator = settled();
  return {
    finished: settle.promise,
    cancel: (reason) => generation.cancel(reason),
    [Symbol.asyncIterator]: () => iterator,
  };
}

/** The whole text at once. */
export async function collectText(generation: TextGeneration): Promise<TextSummary> {
  for await (const _ of generation); // the summary has the text
  return generation.finished;
}
