// Links in one process: on a perfect wire, on a slow one that loses frames, and with a heartbeat.

import { nodeTimers } from '../../node/links/node-timers.ts';
import { watchedLink } from '../../shared/mesh/heartbeat.ts';
import { memoryLinks } from '../../shared/mesh/memory-link.ts';
import { linkContract } from './link.ts';

linkContract('memory', async () => memoryLinks());

linkContract('memory, slow and lossy', async () =>
  memoryLinks({ timers: nodeTimers, latencyMs: 0.2, jitterMs: 2, lossRate: 0.2 }),
);

linkContract('memory, with a heartbeat', async () => {
  const [a, b] = memoryLinks();
  const options = { timers: nodeTimers, intervalMs: 5, deadAfterMs: 5000 };
  return [watchedLink(a, options), watchedLink(b, options)];
});
