// The door to the home network: HTTPS on all addresses of this machine, with a certificate that is the user's own or one
// of the local authority, and what other devices need to come in.

import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Milliseconds } from '../../shared/units.ts';
import type { OptionValues } from '../commands/options.ts';
import { configFolder } from '../storage/config-folder.ts';
import type { AuthorityInfo, ShareInfo } from './app.ts';
import { type HttpServer, openHttpServer } from './http-server.ts';
import { qrForPage, qrForTerminal } from './qr.ts';
import { type LocalAuthority, localAuthority } from './tls/authority.ts';
import { type AuthorityFile, authorityFiles } from './tls/authority-files.ts';
import { INSTALL_STEPS } from './tls/install-steps.ts';
import { ownCertificate } from './tls/own-certificate.ts';
import { lanNames } from './tls/private-names.ts';

const DEFAULT_PORT = 9443;
/** Addresses change, and certificates end. */
const RENEW_MS: Milliseconds = 3_600_000;

export interface LanDoor {
  readonly server: HttpServer;
  readonly share: ShareInfo;
  readonly downloads: ReadonlyMap<string, AuthorityFile>;
  /** For a person at the terminal: address, QR code if it `draws`, and how to be trusted. */
  lines(draws: boolean): readonly string[];
}

type LanOptions = Pick<OptionValues, 'lan-port' | 'tls-cert' | 'tls-key'>;

export async function openLan(app: Hono, options: LanOptions, log: (line: string) => void): Promise<LanDoor> {
  const { 'lan-port': port = DEFAULT_PORT, 'tls-cert': certFile, 'tls-key': keyFile } = options;
  const authority = certFile === undefined ? await localAuthority(join(configFolder(), 'tls')) : undefined;
  const certificate = () =>
    authority ? authority.leafFor(lanNames()) : ownCertificate(certFile as string, keyFile as string);
  const server = await openHttpServer({ app, host: '0.0.0.0', port, tls: await certificate() });
  const renewal = setInterval(() => {
    certificate().then(
      (tls) => server.renew(tls),
      (error: Error) => log(`Cannot renew the certificate: ${error.message}`),
    );
  }, RENEW_MS);
  renewal.unref();
  const urls = urlsOf(server.port);
  const files = authority ? authorityFiles(authority) : [];
  return {
    server,
    share: { urls, qr: qrForPage(urls[0]!), ...(authority ? { authority: infoOf(authority) } : {}) },
    downloads: new Map(files.map((file) => [`/${file.name}`, file])),
    lines: (draws) => [
      `Phones: ${urls[0]}`,
      ...(draws ? ['', qrForTerminal(urls[0]!), ''] : []),
      ...(authority
        ? [
            'Browsers warn of it until they trust this authority; the page says how, under "Open on a phone".',
            `Fingerprint (SHA-256): ${authority.fingerprint}`,
          ]
        : []),
    ],
  };
}

/** Addresses first, of those the ones of IPv4: not every network knows names. */
function urlsOf(port: number): string[] {
  const names = lanNames().filter((name) => !/^(127\.|::1$|localhost$)/.test(name));
  const rank = (name: string): number => (/^[\d.]+$/.test(name) ? 0 : name.includes(':') ? 2 : 1);
  const sorted = names.toSorted((a, b) => rank(a) - rank(b));
  if (sorted.length === 0) sorted.push('localhost');
  return sorted.map((name) => `https://${name.includes(':') ? `[${name}]` : name}:${port}/`);
}

function infoOf({ fingerprint }: LocalAuthority): AuthorityInfo {
  return {
    fingerprint,
    systems: INSTALL_STEPS.map(({ title, file, steps }) => ({ system: title, file: `/${file}`, steps })),
  };
}
