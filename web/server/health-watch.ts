// Keeps knowing how the server is: asks now and then, sooner while it is not well. Is handed the question itself and so
// knows no HTTP.

import { type Health, waitMs } from './health.ts';

/** undefined: nobody answered. */
export type AskHealth = () => Promise<Health | undefined>;

export class HealthWatch extends EventTarget {
  private readonly ask: AskHealth;
  private current: Health = { kind: 'asking' };
  private misses = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: Promise<void> | undefined;

  constructor(ask: AskHealth) {
    super();
    this.ask = ask;
  }

  get health(): Health {
    return this.current;
  }

  /** Asks now; who asks while it is being asked shares the answer. */
  check(): Promise<void> {
    this.asking ??= this.look().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** Resolves as soon as the server is ready. Rejects with the signal's reason. */
  untilReady(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        if (!signal.aborted && this.current.kind !== 'ready') return;
        this.removeEventListener('change', done);
        signal.removeEventListener('abort', done);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.addEventListener('change', done);
      signal.addEventListener('abort', done);
      done();
    });
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer);
    const found = await this.ask();
    this.misses = found ? 0 : this.misses + 1;
    const wait = waitMs(found?.kind ?? 'gone', this.misses);
    this.current = found ?? { kind: 'gone', again: Date.now() + wait };
    this.timer = setTimeout(() => void this.check(), wait);
    this.dispatchEvent(new Event('change'));
  }
}
