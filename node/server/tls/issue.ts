// Makes certificates: that of an authority, and those it signs. Pure but for random numbers: it knows neither files nor
// the clock. Whoever needs it loads it late, since the library behind it is large and most starts make nothing.

import './reflect-metadata.ts';
import { KeyObject, randomBytes, type webcrypto, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  X509Certificate as Certificate,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  GeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Milliseconds } from '../../../shared/units.ts';
import { PRIVATE_DOMAINS, PRIVATE_SUBNETS } from './private-names.ts';

/** Both in PEM. */
export interface Issued {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS: Milliseconds = 24 * 60 * 60 * 1000;
const AUTHORITY_YEARS = 10;
/** Apple's devices take no more than 397. */
const LEAF_DAYS = 365;
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { ...P256, hash: 'SHA-256' };

/** An authority that can sign for private names only, and no further authorities. */
export async function issueAuthority(name: string, now: Date): Promise<Issued> {
  const keys = await newKeys();
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + AUTHORITY_YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    notBefore: shortlyBefore(now),
    notAfter,
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      nameConstraints(),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return asPem(keys, certificate);
}

/** A server's certificate for DNS names and IP addresses. Does not ask whether the authority may sign for them. */
export async function issueLeaf(
  authority: { readonly key: KeyObject; readonly certificate: X509Certificate },
  names: readonly string[],
  now: Date,
): Promise<Issued> {
  const keys = await newKeys();
  const notBefore = shortlyBefore(now);
  const yearLater = new Date(notBefore.getTime() + LEAF_DAYS * DAY_MS);
  const { publicKey, validToDate } = authority.certificate;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    // Not a DNS name, so that nobody holds it against the authority's constraints.
    subject: [{ CN: ['Shoal'] }],
    issuer: new Certificate(authority.certificate.raw).subjectName,
    notBefore,
    notAfter: yearLater < validToDate ? yearLater : validToDate,
    publicKey: keys.publicKey,
    signingKey: authority.key.toCryptoKey(P256, false, ['sign']),
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(publicKey.toCryptoKey(P256, true, ['verify'])),
    ],
  });
  return asPem(keys, certificate);
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

/** Positive, and never with a leading zero, which some readers refuse. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** Clocks at home differ: a phone whose clock is slow must not find the certificate to come from the future. */
const shortlyBefore = (now: Date): Date => new Date(now.getTime() - DAY_MS);

function asPem(keys: webcrypto.CryptoKeyPair, certificate: Certificate): Issued {
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key: key.toString(), cert: `${certificate.toString('pem')}\n` };
}

/**
 * Which names this authority can sign for, at the most. Critical, as the standard has it: whoever does not know the
 * extension refuses the authority. OpenSSL, Chromium and Go were tried and hold it to them; Java was tried and accepts
 * it, but does not look at the constraints of a root. Not tried on iOS and Android themselves.
 */
function nameConstraints(): Extension {
  const names = [
    ...PRIVATE_DOMAINS.map((domain) => new GeneralName('dns', domain)),
    ...PRIVATE_SUBNETS.map((subnet) => new GeneralName('ip', subnet)),
  ];
  const subtrees = names.map((name) => tagged(0x30, Buffer.from(name.rawData)));
  return new Extension('2.5.29.30', true, tagged(0x30, tagged(0xa0, Buffer.concat(subtrees))));
}

/** A value in DER, up to 64 KB. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
