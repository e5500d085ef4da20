// A certificate that the user has from elsewhere: reads it and its key, and finds out before the server starts whether
// they will do. Whom it is for, and whether devices believe it, is the user's business.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { storageError } from '../../storage/storage-errors.ts';
import type { ServerCertificate } from './authority.ts';
import {
  BadCertificateError,
  BadKeyError,
  CertificateExpiredError,
  EncryptedKeyError,
  KeyMismatchError,
  NotYetValidError,
} from './tls-errors.ts';

/** Both files in PEM; that of the certificate may go on with its chain. */
export async function ownCertificate(
  certPath: string,
  keyPath: string,
  now: Date = new Date(),
): Promise<ServerCertificate> {
  const [cert, key] = await Promise.all([read(certPath), read(keyPath)]);
  const certificate = parseCertificate(certPath, cert);
  if (!certificate.checkPrivateKey(parseKey(keyPath, key))) throw new KeyMismatchError(certPath, keyPath);
  if (certificate.validToDate <= now) throw new CertificateExpiredError(certPath, certificate.validToDate);
  if (certificate.validFromDate > now) throw new NotYetValidError(certPath, certificate.validFromDate, now);
  return { key, cert, validUntil: certificate.validToDate };
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error) => {
    throw storageError(path, 'read', error);
  });
}

function parseCertificate(path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new BadCertificateError(path, error);
  }
}

function parseKey(path: string, text: string): KeyObject {
  // Node's own error for it is that of a prompt which was cancelled.
  if (/BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text)) throw new EncryptedKeyError(path);
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new BadKeyError(path, error);
  }
}
