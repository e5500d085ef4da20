// Why two nodes did not come together, one class a cause. Messages name the other end only by its address: what it says
// of itself is not proved.

import { ShoalError } from '../errors.ts';
import type { Milliseconds } from '../units.ts';

abstract class HandshakeError extends ShoalError {
  readonly blame = 'runtime';
}

export class NotShoalError extends HandshakeError {
  constructor(peer: string, options?: ErrorOptions) {
    super(`${peer} does not speak the protocol of Shoal; check the address and the port`, options);
  }
}

export class ProtocolMismatchError extends HandshakeError {
  readonly ours: number;
  readonly theirs: number;

  constructor(peer: string, ours: number, theirs: number) {
    super(
      `${peer} speaks protocol version ${theirs} and this Shoal version ${ours}; ` +
        'install the same version of Shoal everywhere',
    );
    this.ours = ours;
    this.theirs = theirs;
  }
}

export class WrongKeyError extends HandshakeError {
  constructor(peer: string) {
    super(`${peer} has another cluster key than this machine; give both the same --key`);
  }
}

export class PeerBusyError extends HandshakeError {
  constructor(peer: string) {
    super(`${peer} has too many connections in the making; try again in some seconds`);
  }
}

export class HandshakeTimeoutError extends HandshakeError {
  constructor(peer: string, timeoutMs: Milliseconds) {
    super(
      `${peer} took the connection but did not introduce itself within ${timeoutMs / 1000} s; ` +
        'check the address and the port, and that the machine is not overloaded',
    );
  }
}

/** It closed the connection and gave no reason. */
export class HandshakeCutError extends HandshakeError {
  constructor(peer: string, options?: ErrorOptions) {
    super(
      `${peer} closed the connection before it had introduced itself; ` +
        'check the address and the port, and what Shoal says there',
      options,
    );
  }
}

/** It has the key, but what it says of itself cannot be read. */
export class BadHelloError extends HandshakeError {
  constructor(peer: string, what: string) {
    super(`${peer} introduced itself with ${what}; install the same version of Shoal everywhere`);
  }
}
