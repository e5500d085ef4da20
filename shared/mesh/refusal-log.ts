// Tells of callers that were turned away, one line each, and sums up when they come in hundreds: a port scan must not
// fill a disk.

import type { Milliseconds } from '../units.ts';
import type { Timers } from './timers.ts';

export interface RefusalLog {
  add(refused: Error): void;
  /** Tells at once what it has summed up. */
  flush(): void;
}

const LINES = 10;
const WINDOW_MS: Milliseconds = 10_000;

/** At most `LINES` lines in `WINDOW_MS`, and one more with the number of the others. */
export function refusalLog(log: (line: string) => void, timers: Timers): RefusalLog {
  let count = 0;
  let stopTimer = (): void => {};
  const flush = (): void => {
    stopTimer();
    if (count > LINES) log(`and ${(count - LINES).toLocaleString('en-US')} more were turned away`);
    count = 0;
  };
  return {
    add(refused) {
      if (count === 0) stopTimer = timers.after(WINDOW_MS, flush);
      count++;
      if (count <= LINES) log(`Turned a caller away: ${refused.message}`);
    },
    flush,
  };
}
