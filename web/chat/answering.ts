// One answer from its request to its end: waits while the server is not there or too busy, saves what has come at least
// every second, and ends well whatever happens. Knows neither pages nor databases: it is handed what it needs.

import type { StreamEvent } from '../server/chat-stream.ts';
import { CutOffError, NoServerError, RefusedError } from '../server/server-errors.ts';
import type { Answer } from './conversation.ts';
import { Pace } from './pace.ts';

/** What it is doing now; not stored. */
export type Progress =
  | { readonly kind: 'asking' | 'writing' | 'no-server' | 'no-key' }
  | { readonly kind: 'queued'; readonly secondsLeft: number };

export interface Surroundings {
  /** Asks the server for the answer. */
  readonly ask: (signal: AbortSignal) => AsyncIterable<StreamEvent>;
  /** Resolves as soon as the server is ready. */
  readonly untilReady: (signal: AbortSignal) => Promise<void>;
  /** The server did not answer: looks after it. Resolves with whether it is ready. */
  readonly lookAfter: () => Promise<boolean>;
  /** Asks the reader for another key. False: they have none. */
  readonly askKey: (signal: AbortSignal) => Promise<boolean>;
  readonly save: (answer: Answer) => Promise<void>;
  readonly show: (answer: Answer, progress: Progress) => void;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const SAVE_EVERY_MS = 1000;
const QUEUE_SECONDS = 2;

/** Resolves with the answer in its last state, which is saved. Never rejects but for a failing `save`. */
export async function writeAnswer(start: Answer, signal: AbortSignal, around: Surroundings): Promise<Answer> {
  let answer = start;
  let progress: Progress = { kind: 'asking' };
  const show = (next: Progress): void => {
    progress = next;
    around.show(answer, progress);
  };
  const saver = createSaver(around, () => answer);
  try {
    for (;;) {
      show({ kind: 'no-server' });
      await around.untilReady(signal);
      show({ kind: 'asking' });
      const problem = await attempt();
      if (problem === undefined) break;
      if (answer.text !== '' || answer.thinking !== '') throw problem;
      await recover(problem, signal, around, show);
    }
  } catch (error) {
    answer = { ...answer, ...endOf(error, signal) };
  }
  await saver.finish();
  around.show(answer, progress);
  return answer;

  /** One request. Gives back what went wrong, if it may be asked again. */
  async function attempt(): Promise<unknown> {
    const pace = new Pace(around.now());
    let ended: Answer['state'] = 'done';
    const measured = (): Partial<Answer> => pace.result(answer.answerTokens);
    try {
      for await (const event of around.ask(signal)) {
        if (event.type === 'end') {
          ended = event.reason === 'length' ? 'length' : 'done';
        } else if (event.type === 'usage') {
          answer = { ...answer, promptTokens: event.promptTokens, answerTokens: event.answerTokens };
        } else {
          pace.piece(around.now());
          const part = event.type === 'text' ? 'text' : 'thinking';
          answer = { ...answer, [part]: answer[part] + event.text };
          saver.soon();
          show({ kind: 'writing' });
        }
      }
    } catch (error) {
      answer = { ...answer, ...measured() };
      return error;
    }
    answer = { ...answer, state: ended, ...measured() };
    return undefined;
  }
}

/** Waits until it makes sense to ask again, or throws what makes that pointless. */
async function recover(
  problem: unknown,
  signal: AbortSignal,
  { lookAfter, askKey, sleep }: Surroundings,
  show: (progress: Progress) => void,
): Promise<void> {
  if (signal.aborted) throw problem;
  if (problem instanceof NoServerError || problem instanceof CutOffError) {
    await lookAfter();
    // It may answer and yet drop every request; that must not become a loop without a pause.
    return sleep(1000, signal);
  }
  if (!(problem instanceof RefusedError)) throw problem;
  if (problem.status === 401) {
    show({ kind: 'no-key' });
    if (await askKey(signal)) return;
  } else if (problem.status === 429) {
    for (let secondsLeft = Math.ceil(problem.retryAfterSeconds ?? QUEUE_SECONDS); secondsLeft > 0; secondsLeft--) {
      show({ kind: 'queued', secondsLeft });
      await sleep(1000, signal);
    }
    return;
  } else if (problem.status === 503 && !(await lookAfter())) {
    return; // it loads, or is going down
  }
  throw problem;
}

function endOf(error: unknown, signal: AbortSignal): Pick<Answer, 'state' | 'problem'> {
  if (signal.aborted) return { state: 'stopped' };
  if (error instanceof CutOffError || error instanceof NoServerError) return { state: 'cut' };
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof RefusedError ? error.code : undefined;
  return { state: 'failed', problem: { message, ...(code === undefined ? {} : { code }) } };
}

/** Saves the newest state: at once when nothing was saved for a second, else when the second is over. */
function createSaver({ save, now, sleep }: Surroundings, newest: () => Answer) {
  let savedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | undefined;
  const over = new AbortController();
  const run = async (): Promise<void> => {
    await sleep(Math.max(0, savedAt + SAVE_EVERY_MS - now()), over.signal).catch(() => {});
    if (over.signal.aborted) return;
    savedAt = now();
    await save(newest()).catch(() => {}); // the last save says what is wrong
  };
  return {
    soon(): void {
      pending ??= run().finally(() => {
        pending = undefined;
      });
    },
    async finish(): Promise<void> {
      over.abort();
      await pending;
      await save(newest());
    },
  };
}
