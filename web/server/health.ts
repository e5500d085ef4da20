// How the server is, and when to ask again. Pure: the answers come from outside.

export type Health =
  | { readonly kind: 'asking' }
  | { readonly kind: 'ready'; readonly model: string; readonly context: number | undefined }
  /** `progress`: 0 to 1, undefined where the server does not say. */
  | { readonly kind: 'loading'; readonly model: string; readonly progress: number | undefined }
  /** `again`: when it is asked again, in milliseconds since 1970. */
  | { readonly kind: 'gone'; readonly again: number };

const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const GLANCE_MS = 10_000;
const LOADING_MS = 700;

/** From a body of `/health`; undefined: nobody answered, or not as a Shoal does. */
export function healthOf(body: unknown): Health | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { status, model, progress, context } = body as Record<string, unknown>;
  const name = typeof model === 'string' ? model : '';
  if (status === 'ok') {
    return { kind: 'ready', model: name, context: typeof context === 'number' ? context : undefined };
  }
  if (status !== 'loading') return undefined;
  const share = typeof progress === 'number' && progress >= 0 && progress <= 1 ? progress : undefined;
  return { kind: 'loading', model: name, progress: share };
}

/** How long to wait before asking again, after so many times without an answer in a row. */
export function waitMs(health: Health['kind'], misses: number): number {
  if (health === 'loading') return LOADING_MS;
  if (health === 'ready') return GLANCE_MS;
  return Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** Math.max(0, misses - 1));
}
