// The server's routes: the OpenAI API, the state of things, and the chat page. From a Request to a Response; it knows
// neither ports nor how the model runs.

import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import type { ApiAnswer } from '../../shared/api/openai/answer.ts';
import { ApiError, apiErrorOf, invalidRequest } from '../../shared/api/openai/api-error.ts';
import { answerChat } from '../../shared/api/openai/chat-answer.ts';
import { answerCompletion } from '../../shared/api/openai/completion-answer.ts';
import type { ServedModel } from '../../shared/api/openai/served-model.ts';
import type { Bytes } from '../../shared/units.ts';
import type { ServerMetrics } from './metrics.ts';
import { eventStream } from './sse.ts';
import type { StaticFiles } from './static-files.ts';

export interface AppParts {
  /** What the model is called, loaded or not. */
  readonly modelId: string;
  /** Undefined while it is loading. */
  readonly model: () => ServedModel | undefined;
  /** How far that is, from 0 to 1. */
  readonly progress: () => number;
  /** Whoever calls the API must know it; undefined: anybody may. */
  readonly apiKey: string | undefined;
  readonly metrics: ServerMetrics;
  readonly page: StaticFiles;
  /** How other devices get here. */
  readonly share: () => ShareInfo;
  /** Further files, such as a certificate, by path. */
  readonly downloads: (path: string) => { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  /** Takes what a person should know of who looks after the server. */
  readonly log: (line: string) => void;
}

export interface ShareInfo {
  readonly urls: readonly string[];
  /** SVG of the first. */
  readonly qr?: string;
  readonly authority?: AuthorityInfo;
}

/** What a device that trusts nobody yet needs. */
export interface AuthorityInfo {
  /** SHA-256, as devices show it. */
  readonly fingerprint: string;
  /** `file`: the path of what to download. */
  readonly systems: readonly { readonly system: string; readonly file: string; readonly steps: readonly string[] }[];
}

/** Several times what the longest context takes as text. */
const LARGEST_BODY: Bytes = 4 * 1024 * 1024;
const LOADING_RETRY_SECONDS = 5;

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function createApp(parts: AppParts): Hono {
  const { metrics, log } = parts;
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    // Both are needed for SharedArrayBuffer, and keep other pages from looking in.
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
    metrics.answered(routeOf(c), c.res.status);
  });
  // Reflects the headers that are asked for: Authorization, and those that OpenAI's client adds of its own.
  app.use('/v1/*', cors({ origin: '*', allowMethods: ['GET', 'POST', 'OPTIONS'], maxAge: 86_400 }));
  for (const path of ['/v1/*', '/metrics', '/share']) {
    app.use(path, async (c, next) => {
      assertKey(parts.apiKey, c.req.header('Authorization'));
      await next();
    });
  }
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: LARGEST_BODY,
      onError: () => {
        const message = `The request is larger than ${LARGEST_BODY / 1024 / 1024} MB; send less text`;
        throw new ApiError(413, 'invalid_request_error', message, { code: 'request_too_large' });
      },
    }),
  );

  app.get('/v1/models', (c) => c.json({ object: 'list', data: [modelObject(parts)] }));
  app.get('/v1/models/:id', (c) => {
    assertModel(c.req.param('id'), parts);
    return c.json(modelObject(parts));
  });
  app.post('/v1/chat/completions', (c) => respond(c, parts, answerChat));
  app.post('/v1/completions', (c) => respond(c, parts, answerCompletion));

  app.get('/health', (c) => {
    const model = parts.model();
    const { modelId } = parts;
    if (!model)
      return c.json({ status: 'loading', model: modelId, progress: parts.progress() }, 503, {
        'Retry-After': String(LOADING_RETRY_SECONDS),
      });
    const { slots, running, waiting, seqLen } = model.status();
    return c.json({ status: 'ok', model: modelId, slots, running, waiting, context: seqLen });
  });
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }));
  app.get('/share', (c) => c.json(parts.share()));

  app.get('*', (c) => {
    const { path } = c.req;
    const download = parts.downloads(path);
    if (download) return c.body(download.bytes, 200, { 'Content-Type': download.type });
    const answer = parts.page.answer(path, c.req.raw);
    if (!answer) return c.notFound();
    answer.headers.set('Content-Security-Policy', PAGE_POLICY);
    answer.headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    return answer;
  });

  app.notFound((c) => {
    const { method, path } = c.req;
    return problem(
      c,
      new ApiError(404, 'invalid_request_error', `Unknown request URL: ${method} ${path}`, { code: 'unknown_url' }),
    );
  });
  app.onError((error, c) => {
    const known = apiErrorOf(error);
    if (known.status >= 500 && known.code !== 'loading')
      log(`${c.req.method} ${c.req.path}: ${(known.cause as Error | undefined)?.stack ?? known.message}`);
    return problem(c, known);
  });
  return app;
}

/** Few different values, whatever strangers send. */
function routeOf(c: Context): string {
  const { path } = c.req;
  const known = ['/v1/chat/completions', '/v1/completions', '/v1/models', '/health', '/metrics', '/share', '/'];
  return known.includes(path) ? path : path.startsWith('/v1/') ? '/v1/…' : 'files';
}

function problem(c: Context, error: ApiError): Response {
  const retry = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
  const challenge = error.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
  return c.json(error.body, error.status as 400, { ...retry, ...challenge });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes as long whatever is wrong with the key. */
function assertKey(wanted: string | undefined, header: string | undefined): void {
  if (wanted === undefined) return;
  const given = /^Bearer +(.+)$/i.exec(header ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(wanted))) return;
  const message =
    given === undefined
      ? 'No API key was given; send it in the header Authorization: Bearer KEY'
      : 'The API key is wrong; use the one that the server was started with';
  throw new ApiError(401, 'authentication_error', message, { code: 'invalid_api_key' });
}

function modelObject({ modelId, model }: AppParts) {
  return { id: modelId, object: 'model', created: model()?.created ?? 0, owned_by: 'shoal' };
}

function assertModel(id: unknown, { modelId }: AppParts): void {
  if (typeof id !== 'string' || id === modelId) return;
  const message = `The model ${JSON.stringify(id.slice(0, 100))} does not exist; this server has ${modelId}`;
  throw new ApiError(404, 'not_found_error', message, { param: 'model', code: 'model_not_found' });
}

async function respond(
  c: Context,
  parts: AppParts,
  answerOf: (model: ServedModel, body: unknown) => Promise<ApiAnswer>,
): Promise<Response> {
  const body = await bodyOf(c);
  assertModel((body as { model?: unknown } | null)?.model, parts);
  const model = parts.model();
  if (!model) {
    const details = { code: 'loading', retryAfterSeconds: LOADING_RETRY_SECONDS };
    throw new ApiError(503, 'server_error', 'The model is loading; try again in a moment', details);
  }
  const answer = await answerOf(model, body);
  const { signal } = c.req.raw;
  const cancel = (): void => answer.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // Node keeps a signal that somebody listens to, and with it all that was said.
  const end = (): void => signal.removeEventListener('abort', cancel);
  if (!answer.streams) return c.json(await answer.whole().finally(end));
  const stream = eventStream(answer.chunks(), cancel, {
    onError: (error) => parts.log(`${c.req.path}, while streaming: ${String(error)}`),
    onEnd: end,
  });
  return c.body(stream, 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    // nginx and its like would collect what should go out at once.
    'X-Accel-Buffering': 'no',
  });
}

async function bodyOf(c: Context): Promise<unknown> {
  let text: string;
  try {
    text = await c.req.text();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw invalidRequest('The request broke off; send it again');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidRequest(`The request is no JSON: ${(error as Error).message}`);
  }
}
