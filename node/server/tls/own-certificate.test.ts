import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileNotFoundError } from '../../storage/storage-errors.ts';
import { issueAuthority, issueLeaf } from './issue.ts';
import { ownCertificate } from './own-certificate.ts';
import {
  BadCertificateError,
  BadKeyError,
  CertificateExpiredError,
  EncryptedKeyError,
  KeyMismatchError,
  NotYetValidError,
} from './tls-errors.ts';

const now = new Date('2030-06-01T12:00:00Z');
let folder: string;
let files: Record<'cert' | 'key' | 'chain' | 'reversed' | 'otherKey' | 'locked' | 'rubbish' | 'missing', string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-own-'));
  const ca = await issueAuthority('Someone', now);
  const authority = { key: createPrivateKey(ca.key), certificate: new X509Certificate(ca.cert) };
  const leaf = await issueLeaf(authority, ['chat.example.com'], now);
  const locked = createPrivateKey(leaf.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  });
  const texts = {
    cert: leaf.cert,
    key: leaf.key,
    chain: leaf.cert + ca.cert,
    reversed: ca.cert + leaf.cert,
    otherKey: ca.key,
    locked: locked.toString(),
    rubbish: 'not PEM',
  };
  files = { missing: join(folder, 'missing') } as typeof files;
  for (const [name, text] of Object.entries(texts)) {
    files[name as keyof typeof texts] = join(folder, name);
    await writeFile(join(folder, name), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('a pair that belongs together is taken, with its chain', async () => {
  const own = await ownCertificate(files.chain, files.key, now);
  expect(own.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(own.validUntil.toISOString()).toBe('2031-05-31T12:00:00.000Z');
  createSecureContext(own); // throws if Node's server would
});

test.each([
  ['another key', 'cert', 'otherKey', KeyMismatchError],
  ['a chain in the wrong order', 'reversed', 'key', KeyMismatchError],
  ['no certificate', 'rubbish', 'key', BadCertificateError],
  ['the key twice', 'key', 'key', BadCertificateError],
  ['no key', 'cert', 'rubbish', BadKeyError],
  ['the certificate twice', 'cert', 'cert', BadKeyError],
  ['a locked key', 'cert', 'locked', EncryptedKeyError],
  ['a missing certificate', 'missing', 'key', FileNotFoundError],
  ['a missing key', 'cert', 'missing', FileNotFoundError],
] as const)('%s is refused', async (_, cert, key, kind) => {
  const refusal = await ownCertificate(files[cert], files[key], now).catch((error) => error);
  expect(refusal).toBeInstanceOf(kind);
  expect(refusal.message).toMatch(/^[^\n]+; [^\n]+$/);
  expect(refusal.message).toContain(folder);
});

test('a certificate is refused from the moment it ends, and before it begins', async () => {
  const at = (moment: string) => ownCertificate(files.cert, files.key, new Date(moment));
  await expect(at('2031-05-31T11:59:59Z')).resolves.toBeDefined();
  await expect(at('2031-05-31T12:00:00Z')).rejects.toThrow(CertificateExpiredError);
  await expect(at('2030-05-31T12:00:00Z')).resolves.toBeDefined();
  await expect(at('2030-05-31T11:59:59Z')).rejects.toThrow(NotYetValidError);
});
