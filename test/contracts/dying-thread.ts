// The cpu device's thread (node/devices/cpu-thread.ts) with an illness: thread 1 ends at a message of a given type.

import { parentPort, workerData } from 'node:worker_threads';
import { openLocation } from '../../node/storage/chunk-store-files.ts';
import type { ToThread } from '../../shared/device/cpu/messages.ts';
import { serveThread } from '../../shared/device/cpu/serve-thread.ts';

export interface Illness {
  readonly at: 'load' | 'run';
  readonly how: 'exit' | 'throw' | 'run out of memory';
}

const port = parentPort;
if (!port) throw new Error('dying-thread.ts runs as a worker only');
const { at, how } = workerData as Illness;
let isIll = false;

function die(): void {
  if (how === 'exit') process.exit(3);
  if (how === 'throw') throw new Error('a thread threw');
  const hoard: unknown[] = [];
  for (;;) hoard.push(new Array(1e5).fill(0.5));
}

serveThread(
  {
    post: (message) => port.postMessage(message),
    receive: (handler) =>
      void port.on('message', (message: ToThread) => {
        if (message.type === 'load') isIll = message.thread === 1;
        if (isIll && at === 'load') die();
        handler(message);
      }),
  },
  {
    // Asked for between ops, and never before.
    now: () => {
      if (isIll) die();
      return performance.now();
    },
    open: openLocation,
  },
);
