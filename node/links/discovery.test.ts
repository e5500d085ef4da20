// A root that says that it is there is found, and found again by whoever did not want it at first.

import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import type { Address } from '../../shared/mesh/address.ts';
import { announceRoot, findRoots } from './discovery.ts';

/** Whether this machine hears its own multicast; many containers do not. */
function hasMulticast(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const end = (heard: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(heard);
    };
    const timer = setTimeout(() => end(false), 1000);
    socket.on('error', () => end(false));
    socket.on('message', () => end(true));
    socket.bind(0, () => {
      try {
        socket.addMembership('224.0.0.251');
        socket.send('x', socket.address().port, '224.0.0.251');
      } catch {
        end(false);
      }
    });
  });
}

test('a root is found, and told of again and again', async ({ skip }) => {
  if (!(await hasMulticast())) skip('this machine passes no multicast on');
  const port = 20_000 + (process.pid % 20_000); // nobody listens there; only what is said counts
  const silence = announceRoot(port, () => {});
  const times: number[] = [];
  let host = '';
  await new Promise<void>((resolve) => {
    const stop = findRoots(
      (address: Address) => {
        if (address.port !== port) return;
        times.push(performance.now());
        host = address.host;
        if (times.length < 2) return;
        stop();
        resolve();
      },
      () => {},
    );
  });
  await silence();
  expect(times[1] - times[0]).toBeGreaterThan(1000);
  expect(host).toMatch(/^[\d.]+$/);
}, 20_000);
