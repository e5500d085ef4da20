// What can go wrong with certificates and their keys, one class a cause. What goes wrong with files as such is told by
// node/storage.

import { ShoalError } from '../../../shared/errors.ts';

/** The file of the local authority is not what was written there. */
export class DamagedAuthorityError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, what: string) {
    super(
      `Cannot use the certificate authority in ${path}: ${what}; restore the file from a copy, ` +
        'or delete it and install the new authority on your devices',
    );
  }
}

export class AuthorityExpiredError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, validUntil: Date) {
    super(
      `The certificate authority in ${path} expired on ${day(validUntil)}; ` +
        'delete the file, start again and install the new authority on your devices',
    );
  }
}

/** Of the local authority as of a certificate of the user's own: most likely the clock is wrong. */
export class NotYetValidError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, validFrom: Date, now: Date) {
    super(
      `The certificate in ${path} is valid from ${day(validFrom)}, and here it is ${day(now)}; ` +
        "set this machine's clock, or replace the file",
    );
  }
}

/** The local authority must not sign for it, and no device would believe it. */
export class NameNotPrivateError extends ShoalError {
  readonly blame = 'usage';

  constructor(name: string) {
    super(
      `Cannot make a certificate for ${name}: the local authority signs for private names and addresses only; ` +
        'use a name that ends in .local, or give --tls-cert and --tls-key',
    );
  }
}

export class BadCertificateError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, cause?: unknown) {
    super(
      `Cannot use ${path}: it does not start with a certificate in PEM; give the server's certificate, then its chain`,
      {
        cause,
      },
    );
  }
}

export class BadKeyError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, cause?: unknown) {
    super(`Cannot use ${path}: there is no private key in PEM in it; give the key that belongs to the certificate`, {
      cause,
    });
  }
}

export class EncryptedKeyError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string) {
    super(
      `Cannot use ${path}: its key is locked with a passphrase; unlock it with: openssl pkey -in KEY -out UNLOCKED`,
    );
  }
}

export class KeyMismatchError extends ShoalError {
  readonly blame = 'file';

  constructor(certPath: string, keyPath: string) {
    super(
      `The key in ${keyPath} does not belong to the first certificate in ${certPath}; ` +
        "give the pair that was made together, with the server's certificate before its chain",
    );
  }
}

export class CertificateExpiredError extends ShoalError {
  readonly blame = 'file';

  constructor(path: string, validUntil: Date) {
    super(`The certificate in ${path} expired on ${day(validUntil)}; renew it`);
  }
}

const day = (date: Date): string => date.toISOString().slice(0, 10);
