// TCP links on loopback, and with a heartbeat over them.

import { nodeTimers } from '../../node/links/node-timers.ts';
import { tcpLink } from '../../node/links/tcp-link.ts';
import { watchedLink } from '../../shared/mesh/heartbeat.ts';
import { tcpPair } from '../mesh/tcp-pair.ts';
import { linkContract } from './link.ts';

linkContract('TCP', async () => {
  const [a, b] = await tcpPair();
  return [tcpLink(a, 'the acceptor'), tcpLink(b, 'the dialler')];
});

linkContract('TCP, with a heartbeat', async () => {
  const [a, b] = await tcpPair();
  const options = { timers: nodeTimers };
  return [watchedLink(tcpLink(a, 'the acceptor'), options), watchedLink(tcpLink(b, 'the dialler'), options)];
});
