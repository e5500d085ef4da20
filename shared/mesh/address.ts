// Addresses as people write them: a host and a port. It resolves no names.

import { ShoalError } from '../errors.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export class InvalidAddressError extends ShoalError {
  readonly blame = 'usage';

  constructor(text: string, cause: string, remedy: string) {
    super(`Cannot use the address ${JSON.stringify(text)}: ${cause}; ${remedy}`);
  }
}

const EXAMPLE = 'write it as 192.168.1.10:9990 or [::1]:9990';

/**
 * `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. Without `defaultPort` the port must be given. `leastPort` 0: for those
 * who listen, where 0 is any that is free.
 */
export function parseAddress(text: string, defaultPort?: number, leastPort: 0 | 1 = 1): Address {
  const fault = (cause: string, remedy: string = EXAMPLE) => new InvalidAddressError(text, cause, remedy);
  if (text.includes('://')) {
    throw fault('it begins with a scheme', `leave out ${JSON.stringify(text.slice(0, text.indexOf('://') + 3))}`);
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (!bracketed && text.split(':').length > 2) {
    throw fault('it has several colons', 'put an IPv6 address in brackets, as [::1]:9990');
  }
  const [, host, portText] = bracketed ?? /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (!host) throw fault('it names no host');
  if (bracketed && !/^[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i.test(host)) {
    throw fault('what is in brackets is no IPv6 address');
  }
  if (!bracketed && !/^[\p{L}\p{N}._-]+$/u.test(host)) throw fault('no host has such a name');
  if (portText === undefined) {
    if (defaultPort === undefined) throw fault('it has no port');
    return { host, port: defaultPort };
  }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : -1;
  if (port < leastPort || port > 65_535) throw fault(`its port is no number from ${leastPort} to 65535`);
  return { host, port };
}

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
