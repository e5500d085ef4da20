// The mesh as Node has it: TCP, multicast DNS, Node's cryptography and timers. What commands get to build clusters from.

import { announceRoot, findRoots } from './discovery.ts';
import { localAddressTowards } from './local-address.ts';
import { nodeCrypto } from './node-crypto.ts';
import { nodeTimers } from './node-timers.ts';
import { dialTcp } from './tcp-dial.ts';
import { listenTcp } from './tcp-listener.ts';

export const nodeMesh = {
  timers: nodeTimers,
  crypto: nodeCrypto,
  listen: listenTcp,
  dial: dialTcp,
  localAddressTowards,
  announceRoot,
  findRoots,
} as const;

export type NodeMesh = typeof nodeMesh;
