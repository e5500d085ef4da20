// The server, over HTTP: the only file that calls fetch. Knows addresses, headers and statuses; what answers mean is
// told by its neighbours.

import { readChat, refusal, type StreamEvent } from './chat-stream.ts';
import { type Health, healthOf } from './health.ts';
import { CutOffError, NoServerError, StrangeAnswerError } from './server-errors.ts';
import { type Share, shareOf } from './share.ts';

const HEALTH_TIMEOUT_MS = 5000;

export interface Server {
  /** undefined: nobody answered. */
  health(): Promise<Health | undefined>;
  /** The answer as it comes. Aborting ends it on the server too. */
  chat(body: Record<string, unknown>, signal: AbortSignal): AsyncIterable<StreamEvent>;
  share(): Promise<Share>;
}

/** `key`: what to send as a bearer token at this moment; empty: nothing. */
export function createServer(key: () => string): Server {
  const headers = (): Record<string, string> => (key() === '' ? {} : { authorization: `Bearer ${key()}` });

  return {
    async health() {
      try {
        const response = await fetch('/health', {
          headers: headers(),
          cache: 'no-store',
          signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
        });
        return healthOf(await response.json());
      } catch {
        return undefined;
      }
    },

    async *chat(body, signal) {
      const response = await ask('/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers() },
        body: JSON.stringify(body),
        signal,
      });
      if (!response.body) throw new StrangeAnswerError('it is empty');
      try {
        yield* readChat(piecesOf(response.body));
      } catch (error) {
        // Browsers report a lost connection as a TypeError.
        throw error instanceof TypeError ? new CutOffError({ cause: error }) : error;
      }
    },

    async share() {
      const response = await ask('/share', { headers: headers(), cache: 'no-store' });
      return shareOf(await response.json().catch(() => undefined));
    },
  };
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw error instanceof TypeError ? new NoServerError({ cause: error }) : error;
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  // A proxy whose server is gone answers for it, without a body that the API knows.
  if (response.status >= 502 && body === undefined) throw new NoServerError();
  throw refusal(body, response.status, secondsOf(response.headers.get('retry-after')));
}

/** Streams are not iterable in every browser. */
async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already
  }
}

function secondsOf(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
