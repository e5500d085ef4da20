// Time as Node has it.

import type { Timers } from '../../shared/mesh/timers.ts';

export const nodeTimers: Timers = {
  now: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
