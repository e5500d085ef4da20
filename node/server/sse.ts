// Server-sent events, as OpenAI's clients read them: an object a line, `[DONE]` at the end, and comments while there is
// nothing to say, so that nobody on the way takes the connection for dead.

import { apiErrorOf } from '../../shared/api/openai/api-error.ts';
import type { Milliseconds } from '../../shared/units.ts';

const KEEP_ALIVE_MS: Milliseconds = 10_000;

export interface EventStreamOptions {
  readonly keepAliveMs?: Milliseconds;
  /** Hears errors that end the stream; the client is told in the stream. */
  readonly onError: (error: unknown) => void;
  /** Called once, when all is said or the client has gone. */
  readonly onEnd?: () => void;
}

type Chunks = AsyncGenerator<object, void, undefined>;

/**
 * A client that reads slowly gets its chunks later and several at once, and one that goes away ends them. `cancel` is for
 * the time in which `chunks` gives nothing: a generator that waits cannot be left.
 */
export function eventStream(
  chunks: Chunks,
  cancel: () => void,
  { keepAliveMs = KEEP_ALIVE_MS, onError, onEnd = () => {} }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const waiting = new Waiting(chunks);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let text = '';
      let ended = false;
      try {
        const first = await waiting.within(keepAliveMs);
        if (first === 'silence') text = ': keep-alive\n\n';
        // What has come until sockets have their turn anyway leaves together: a write costs more than a chunk.
        for (let next = first; next !== 'silence' && !ended; next = ended ? next : await waiting.thisTurn()) {
          ended = next.done === true;
          text += ended ? 'data: [DONE]\n\n' : `data: ${JSON.stringify(next.value)}\n\n`;
        }
      } catch (error) {
        onError(error);
        text += `data: ${JSON.stringify(apiErrorOf(error).body)}\n\n`;
        ended = true;
      }
      controller.enqueue(encoder.encode(text));
      if (!ended) return;
      controller.close();
      onEnd();
    },
    cancel() {
      cancel();
      onEnd();
    },
  });
}

/** The next chunk, for which one may wait again. */
class Waiting {
  private readonly chunks: Chunks;
  private next: Promise<IteratorResult<object, void>> | undefined;

  constructor(chunks: Chunks) {
    this.chunks = chunks;
  }

  within(ms: Milliseconds): Promise<IteratorResult<object, void> | 'silence'> {
    const silence = Promise.withResolvers<'silence'>();
    const timer = setTimeout(() => silence.resolve('silence'), ms);
    return this.orUntil(silence.promise).finally(() => clearTimeout(timer));
  }

  thisTurn(): Promise<IteratorResult<object, void> | 'silence'> {
    return this.orUntil(new Promise((resolve) => setImmediate(resolve, 'silence')));
  }

  private async orUntil(silence: Promise<'silence'>): Promise<IteratorResult<object, void> | 'silence'> {
    this.next ??= this.chunks.next();
    const result = await Promise.race([this.next, silence]);
    if (result !== 'silence') this.next = undefined;
    return result;
  }
}
