// Entry of a worker that is one thread of the cpu device. Does nothing elsewhere, so that a process that will start
// threads can compile it, and all it imports, once for them.

import { parentPort, workerData } from 'node:worker_threads';
import type { ToThread } from '../../shared/device/cpu/messages.ts';
import { serveThread } from '../../shared/device/cpu/serve-thread.ts';
import { openLocation } from '../storage/chunk-store-files.ts';

/** What a worker is given as its data to be a thread. */
export const CPU_THREAD = 'cpu-thread';

const port = workerData === CPU_THREAD ? parentPort : null;
if (port) {
  serveThread(
    {
      post: (message) => port.postMessage(message),
      receive: (handler) => void port.on('message', (message: ToThread) => handler(message)),
    },
    { now: () => performance.now(), open: openLocation },
  );
}
