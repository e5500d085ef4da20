// The local certificate authority: made once, kept in a folder, and asked for server certificates. Its key is in one
// file with its certificate, so that there is never one without the other, and leaves this module only into that file.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Milliseconds } from '../../../shared/units.ts';
import { makeSecret, readSecret, replaceSecret } from '../../storage/secret-file.ts';
import type { Issued } from './issue.ts';
import { isPrivate } from './private-names.ts';
import { AuthorityExpiredError, DamagedAuthorityError, NameNotPrivateError, NotYetValidError } from './tls-errors.ts';

/** What Node's https server takes, in PEM: `cert` is the server's certificate and then its chain. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  /** A server that runs so long must be given another before. */
  readonly validUntil: Date;
}

/** What everybody may know of an authority. */
export interface AuthorityCertificate {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  /** SHA-256, as devices show it: `AB:CD:…` */
  readonly fingerprint: string;
}

export interface LocalAuthority extends AuthorityCertificate {
  /**
   * A certificate for these DNS names and IP addresses (`lanNames`), all of them private. That of the last time is used
   * again if it is for all of them and good for another month.
   */
  leafFor(names: readonly string[]): Promise<ServerCertificate>;
}

export interface AuthoritySetting {
  readonly host: string;
  readonly now: () => Date;
}

/** Shorter than this, a certificate is not used again. */
const RENEWAL_MS: Milliseconds = 30 * 24 * 60 * 60 * 1000;

/** The authority in this folder, which is made if there is none. */
export async function localAuthority(
  folder: string,
  { host = hostname(), now = () => new Date() }: Partial<AuthoritySetting> = {},
): Promise<LocalAuthority> {
  const path = join(folder, 'authority.pem');
  const authority = readAuthority(path, (await readSecret(path)) ?? (await makeAuthority(path, host, now())), now());
  const { certificate } = authority;
  return {
    name: commonName(certificate),
    certificate: certificate.toString(),
    fingerprint: certificate.fingerprint256,
    async leafFor(names) {
      const stranger = names.find((name) => !isPrivate(name));
      if (stranger !== undefined) throw new NameNotPrivateError(stranger);
      return leafFor(authority, join(folder, 'server.pem'), names, now());
    },
  };
}

interface Pair {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

async function makeAuthority(path: string, host: string, now: Date): Promise<string> {
  const { issueAuthority } = await import('./issue.ts');
  const name = `Shoal local CA (${host.slice(0, 40)})`; // the standard allows 64 characters
  return makeSecret(path, fileOf(await issueAuthority(name, now)));
}

function readAuthority(path: string, text: string, now: Date): Pair {
  const authority = parsed(text);
  if (authority === undefined) throw new DamagedAuthorityError(path, 'it is not a key with a certificate');
  const { key, certificate } = authority;
  if (!certificate.checkPrivateKey(key)) throw new DamagedAuthorityError(path, 'its key and certificate differ');
  if (!certificate.ca || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new DamagedAuthorityError(path, 'its certificate is not one that Shoal made');
  }
  if (certificate.validToDate <= now) throw new AuthorityExpiredError(path, certificate.validToDate);
  if (certificate.validFromDate > now) throw new NotYetValidError(path, certificate.validFromDate, now);
  return authority;
}

async function leafFor(authority: Pair, path: string, names: readonly string[], now: Date): Promise<ServerCertificate> {
  let server = await readSecret(path).then((text = '') => parsed(text));
  if (server === undefined || !isUsable(server, authority, names, now)) {
    const { issueLeaf } = await import('./issue.ts');
    const text = fileOf(await issueLeaf(authority, names, now));
    await replaceSecret(path, text);
    server = parse(text);
  }
  const { key, certificate } = server;
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: certificate.toString() + authority.certificate.toString(),
    validUntil: certificate.validToDate,
  };
}

/** What is not, damaged or of an authority that is gone, is made anew: nobody has to install it. */
function isUsable({ key, certificate }: Pair, authority: Pair, names: readonly string[], now: Date): boolean {
  return (
    certificate.checkPrivateKey(key) &&
    certificate.verify(authority.certificate.publicKey) &&
    certificate.validFromDate <= now &&
    certificate.validToDate.getTime() - now.getTime() >= RENEWAL_MS &&
    names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
  );
}

const fileOf = ({ key, cert }: Issued): string => key + cert;

function parse(text: string): Pair {
  const block = (label: string): string =>
    text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`))?.[0] ?? '';
  return { key: createPrivateKey(block('PRIVATE KEY')), certificate: new X509Certificate(block('CERTIFICATE')) };
}

/** undefined if one of the two is not there or cannot be read. */
function parsed(text: string): Pair | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

const commonName = (certificate: X509Certificate): string => certificate.subject.replace(/^CN=/, '');
