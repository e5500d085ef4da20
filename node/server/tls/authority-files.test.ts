import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { type AuthorityFile, authorityFiles } from './authority-files.ts';
import { INSTALL_STEPS } from './install-steps.ts';
import { issueAuthority } from './issue.ts';

let certificate: string;
let files: Map<string, AuthorityFile>;
const made = (name: string) =>
  new Map(authorityFiles({ name, certificate, fingerprint: '' }).map((file) => [file.name, file]));
const text = (name: string, from = files): string => new TextDecoder().decode(from.get(name)!.bytes);
beforeAll(async () => {
  certificate = (await issueAuthority('Shoal local CA (pi)', new Date())).cert;
  files = made('Shoal local CA (pi)');
});

test('the certificate is offered as PEM and DER, with the type that makes devices install it', () => {
  const original = new X509Certificate(certificate);
  for (const name of ['shoal-ca.crt', 'shoal-ca.cer']) {
    const { type, bytes } = files.get(name)!;
    expect(type).toBe('application/x-x509-ca-cert');
    expect(new X509Certificate(bytes).fingerprint256).toBe(original.fingerprint256);
  }
  expect(text('shoal-ca.crt')).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
  expect(Buffer.from(files.get('shoal-ca.cer')!.bytes).equals(original.raw)).toBe(true);
});

test('the profile for Apple holds it as a root certificate', () => {
  expect(files.get('shoal-ca.mobileconfig')!.type).toBe('application/x-apple-aspen-config');
  const profile = text('shoal-ca.mobileconfig');
  const value = (key: string) =>
    [...profile.matchAll(new RegExp(`<key>${key}</key><\\w+>([^<]*)`, 'g'))].map((m) => m[1]);
  expect(value('PayloadType')).toEqual(['Configuration', 'com.apple.security.root']);
  const [data] = value('PayloadContent');
  expect(Buffer.from(data!, 'base64').equals(new X509Certificate(certificate).raw)).toBe(true);
  const ids = value('PayloadUUID');
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
});

test('the same certificate gives the same profile, so that it is replaced and not added', () => {
  expect(text('shoal-ca.mobileconfig', made('Shoal local CA (pi)'))).toBe(text('shoal-ca.mobileconfig'));
});

test('no name of a machine breaks out of the profile', () => {
  const profile = text('shoal-ca.mobileconfig', made('a<b>&c</string>'));
  expect(profile.match(/<string>a&lt;b&gt;&amp;c&lt;\/string&gt;<\/string>/g)).toHaveLength(2);
});

test('every system has steps, about a file that is offered', () => {
  expect(INSTALL_STEPS.map(({ system }) => system)).toEqual(['ios', 'android', 'windows', 'macos', 'linux']);
  for (const { file, title, steps } of INSTALL_STEPS) {
    expect(files.has(file)).toBe(true);
    expect(title).not.toBe('');
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.join('')).not.toMatch(/[<>`*]|\n/); // plain text
  }
});
