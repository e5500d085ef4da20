// From the bytes of a streamed answer to what happened in it. Knows OpenAI's chunks; no fetch.

import { CutOffError, RefusedError, StrangeAnswerError } from './server-errors.ts';
import { createEventReader } from './sse.ts';

export type StreamEvent =
  | { readonly type: 'text' | 'thinking'; readonly text: string }
  | { readonly type: 'end'; readonly reason: string }
  | { readonly type: 'usage'; readonly promptTokens: number; readonly answerTokens: number };

/** Throws a CutOffError if the bytes end before the answer does, and a RefusedError if the server says it failed. */
export async function* readChat(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, void, undefined> {
  const decoder = new TextDecoder();
  const reader = createEventReader();
  let ended = false;
  for await (const piece of bytes) {
    for (const data of reader.push(decoder.decode(piece, { stream: true }))) {
      if (data === '[DONE]') return;
      for (const event of eventsOf(data)) {
        ended ||= event.type === 'end';
        yield event;
      }
    }
  }
  if (!ended) throw new CutOffError();
}

interface Chunk {
  readonly error?: { readonly message?: unknown; readonly code?: unknown };
  readonly choices?: readonly {
    readonly delta?: { readonly content?: unknown; readonly reasoning_content?: unknown };
    readonly finish_reason?: unknown;
  }[];
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
}

/** What one chunk says. */
export function eventsOf(data: string): StreamEvent[] {
  const chunk = parse(data);
  if (chunk.error) throw refusal(chunk, 0, undefined);
  const events: StreamEvent[] = [];
  const choice = chunk.choices?.[0];
  const { reasoning_content: thinking, content } = choice?.delta ?? {};
  if (typeof thinking === 'string' && thinking !== '') events.push({ type: 'thinking', text: thinking });
  if (typeof content === 'string' && content !== '') events.push({ type: 'text', text: content });
  if (typeof choice?.finish_reason === 'string') events.push({ type: 'end', reason: choice.finish_reason });
  const { prompt_tokens: prompt, completion_tokens: answer } = chunk.usage ?? {};
  if (typeof prompt === 'number' && typeof answer === 'number') {
    events.push({ type: 'usage', promptTokens: prompt, answerTokens: answer });
  }
  return events;
}

/** The error in a body such as `{"error": {"message": …}}`, whatever is missing of it. */
export function refusal(body: unknown, status: number, retryAfterSeconds: number | undefined): RefusedError {
  const { error } = (typeof body === 'object' && body !== null ? body : {}) as Chunk;
  const message =
    typeof error?.message === 'string' && error.message !== '' ? error.message : `The server said ${status}`;
  const code = typeof error?.code === 'string' ? error.code : undefined;
  return new RefusedError(message, status, code, retryAfterSeconds);
}

function parse(data: string): Chunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new StrangeAnswerError('it is not JSON');
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new StrangeAnswerError('it is no chunk of an answer');
}
