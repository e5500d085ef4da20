// Two ends of a TCP connection on loopback.

import { connect, createServer, type Socket } from 'node:net';

export function tcpPair(): Promise<[Socket, Socket]> {
  return new Promise((resolve, reject) => {
    const server = createServer((accepted) => {
      server.close();
      resolve([dialled, accepted]);
    });
    let dialled: Socket;
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || !address) throw new Error('no address');
      dialled = connect(address.port, '127.0.0.1').once('error', reject);
    });
  });
}
