// What can go wrong with sockets, one class a cause, in words for somebody who does not know errno names.

import { ShoalError } from '../../shared/errors.ts';
import { type Address, formatAddress } from '../../shared/mesh/address.ts';

abstract class NetworkError extends ShoalError {
  readonly blame = 'runtime';
}

export class ConnectionRefusedError extends NetworkError {
  constructor(address: Address) {
    super(
      `Cannot reach ${formatAddress(address)}: nothing listens on that port; ` +
        'start Shoal there, or check the port and the --host it listens on',
    );
  }
}

export class NoAnswerError extends NetworkError {
  constructor(address: Address, cause = 'it does not answer') {
    super(
      `Cannot reach ${formatAddress(address)}: ${cause}; ` +
        'check the address, that the machine is on and in this network, and its firewall',
    );
  }
}

export class HostNotFoundError extends NetworkError {
  constructor({ host }: Address) {
    super(`Cannot reach ${host}: no machine of that name is known; check the name or give its IP address`);
  }
}

export class AddressInUseError extends NetworkError {
  constructor(address: Address) {
    super(`Cannot listen on ${formatAddress(address)}: another program does already; stop it or choose another port`);
  }
}

export class NotOurAddressError extends NetworkError {
  constructor(address: Address) {
    super(
      `Cannot listen on ${formatAddress(address)}: this machine has no such address; ` +
        'give one that it has, or 0.0.0.0 for all of them',
    );
  }
}

export class PortForbiddenError extends NetworkError {
  constructor(address: Address) {
    super(`Cannot listen on ${formatAddress(address)}: permission denied; choose a port from 1024 up`);
  }
}

/** A link that worked. */
export class ConnectionBrokenError extends NetworkError {
  constructor(peer: string, cause: unknown) {
    super(`The connection to ${peer} broke: ${wordsOf(cause)}; check the network and connect again`, { cause });
  }
}

/** A cause nobody foresaw. Keeps the system's own words. */
export class NetworkFailedError extends NetworkError {
  constructor(action: 'reach' | 'listen on' | 'answer callers on', address: Address, cause: unknown) {
    super(`Cannot ${action} ${formatAddress(address)}: ${wordsOf(cause)}; check the network`, { cause });
  }
}

/** The error for what a socket that should connect threw. */
export function dialError(address: Address, cause: unknown): NetworkError {
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
      return new ConnectionRefusedError(address);
    case 'ETIMEDOUT':
      return new NoAnswerError(address);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return new NoAnswerError(address, 'there is no way to it');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new HostNotFoundError(address);
    default:
      return new NetworkFailedError('reach', address, cause);
  }
}

/** The error for what a server that should listen threw. */
export function listenError(address: Address, cause: unknown): NetworkError {
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return new AddressInUseError(address);
    case 'EADDRNOTAVAIL':
      return new NotOurAddressError(address);
    case 'EACCES':
    case 'EPERM':
      return new PortForbiddenError(address);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new HostNotFoundError(address);
    default:
      return new NetworkFailedError('listen on', address, cause);
  }
}

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException | undefined)?.code;

const wordsOf = (cause: unknown): string => {
  switch (codeOf(cause)) {
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the other end dropped it';
    case 'ETIMEDOUT':
      return 'the other end no longer answers';
    default:
      return cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause);
  }
};
