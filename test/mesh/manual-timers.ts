// Timers that go only when a test says so.

import type { Timers } from '../../shared/mesh/timers.ts';
import type { Milliseconds } from '../../shared/units.ts';

export interface ManualTimers extends Timers {
  /** Lets the time pass, and after each timer all that follows from it without timers. */
  pass(ms: Milliseconds): Promise<void>;
  /** As if the thread had been busy for so long: what is due then is late. */
  stall(ms: Milliseconds): Promise<void>;
  readonly pending: number;
}

export function manualTimers(): ManualTimers {
  let now = 1000;
  const timers = new Set<{ readonly dueAt: Milliseconds; readonly action: () => void }>();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const runDue = async (until: Milliseconds, onTime: boolean): Promise<void> => {
    await settle();
    for (;;) {
      const [first] = [...timers].filter(({ dueAt }) => dueAt <= until).sort((a, b) => a.dueAt - b.dueAt);
      if (!first) return;
      if (onTime) now = Math.max(now, first.dueAt);
      timers.delete(first);
      first.action();
      await settle();
    }
  };
  return {
    now: () => now,
    after(delayMs, action) {
      const timer = { dueAt: now + delayMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async pass(ms) {
      const until = now + ms;
      await runDue(until, true);
      now = until;
    },
    async stall(ms) {
      now += ms;
      await runDue(now, false);
    },
    get pending() {
      return timers.size;
    },
  };
}
