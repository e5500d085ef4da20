// Entry of a worker that is one thread of the cpu device.

import { parentPort } from 'node:worker_threads';
import type { ToThread } from '../../shared/device/cpu/messages.ts';
import { serveThread } from '../../shared/device/cpu/thread.ts';
import { openFileSource } from '../storage/file-source.ts';

const port = parentPort;
if (!port) throw new Error('cpu-thread.ts runs as a worker of the cpu device only');

serveThread(
  {
    post: (message) => port.postMessage(message),
    receive: (handler) => void port.on('message', (message: ToThread) => handler(message)),
  },
  { now: () => performance.now(), open: (location) => openFileSource(String(location)) },
);
