// What the local authority may vouch for: names and addresses that mean something only at home. Under none of them lies
// anything on the internet, so that even who steals the authority cannot stand in for a bank with it.

import { BlockList, isIP } from 'node:net';
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** Each with all that is below it. None can be bought: they are reserved, or will never be given out. */
export const PRIVATE_DOMAINS: readonly string[] = ['localhost', 'local', 'home.arpa', 'internal', 'lan', 'home'];

/**
 * Loopback, home networks, cables without a router (169.254), overlays such as Tailscale (100.64). Not fe80::/10: no
 * browser opens an address that needs to be told the interface.
 */
export const PRIVATE_SUBNETS: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
];

const subnets = new BlockList();
for (const subnet of PRIVATE_SUBNETS) {
  const [address, bits] = subnet.split('/') as [string, string];
  subnets.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'i');

/** Of a DNS name or an IP address. Of what is neither, false; so of an IPv4 address that is written as IPv6 too. */
export function isPrivate(name: string): boolean {
  const family = isIP(name);
  if (family === 4) return subnets.check(name, 'ipv4');
  if (family === 6) return !/[.%]/.test(name) && subnets.check(name, 'ipv6');
  const host = name.toLowerCase();
  return HOST.test(host) && PRIVATE_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** What a browser at home may call this machine: `localhost`, its name in `.local`, and its private addresses. */
export function lanNames(
  host: string = hostname(),
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  const addresses = Object.values(interfaces).flatMap((infos = []) => infos.map(({ address }) => address));
  const names = ['localhost', `${host.split('.')[0]!.toLowerCase()}.local`, '127.0.0.1', '::1', ...addresses.sort()];
  return [...new Set(names)].filter(isPrivate);
}
