// Which of this machine's addresses leads to another machine. The system's routes know; nothing is sent.

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { Address } from '../../shared/mesh/address.ts';
import { dialError } from './tcp-errors.ts';

export async function localAddressTowards(target: Address): Promise<string> {
  try {
    const { address } = await lookup(target.host);
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(target.port, address, resolve);
      });
      return socket.address().address;
    } finally {
      socket.close();
    }
  } catch (cause) {
    throw dialError(target, cause as Error);
  }
}
