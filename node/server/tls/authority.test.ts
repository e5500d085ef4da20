import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NotAFileError } from '../../storage/storage-errors.ts';
import { localAuthority } from './authority.ts';
import { authorityFiles } from './authority-files.ts';
import { issueLeaf } from './issue.ts';
import { AuthorityExpiredError, DamagedAuthorityError, NameNotPrivateError, NotYetValidError } from './tls-errors.ts';

const run = promisify(execFile);
const openssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
);
const DAY_MS = 24 * 60 * 60 * 1000;
const NAMES = ['localhost', 'pi.local', '127.0.0.1', '::1', '192.168.1.10', 'fd00::1:2'];

let folder: string;
let authorityPath: string;
let serverPath: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'shoal-tls-')), 'tls');
  authorityPath = join(folder, 'authority.pem');
  serverPath = join(folder, 'server.pem');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const laterBy = (days: number) => ({ now: () => new Date(Date.now() + days * DAY_MS) });

/** 'trusted', or why a client that trusts `ca` only does not want to speak with a server called `name`. */
async function visit(server: { key: string; cert: string }, ca: string, name: string): Promise<string> {
  const { key, cert } = server;
  const listening = createServer({ key, cert }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const { port } = listening.address() as AddressInfo;
  const isAddress = /^[\d.]+$|:/.test(name);
  const who = isAddress ? { checkServerIdentity: nodesCheckOf(name) } : { servername: name };
  const socket = connect({ host: '127.0.0.1', port, ca, ...who });
  return new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve('trusted'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}: ${error.message}`));
  }).finally(() => {
    socket.destroy();
    listening.close();
  });
}

/** Node asks for the address that it connects to; here only loopback can be reached. */
function nodesCheckOf(address: string) {
  return (_: string, { raw }: { raw: Buffer }) =>
    new X509Certificate(raw).checkIP(address) === address ? undefined : new Error(`not for ${address}`);
}

test('clients that trust the authority believe the server, by every name and address it was made for', async () => {
  const authority = await localAuthority(folder);
  const server = await authority.leafFor(NAMES);
  for (const name of NAMES) expect.soft(await visit(server, authority.certificate, name), name).toBe('trusted');
  expect(await visit(server, authority.certificate, 'other.local')).toMatch(/^ERR_TLS_CERT_ALTNAME_INVALID/);
  expect(await visit(server, authority.certificate, '192.168.1.11')).toMatch(/not for 192.168.1.11$/);
});

test('clients that connect to an address are believed by what Node itself checks', async () => {
  const authority = await localAuthority(folder);
  const visitLoopback = async (names: string[]) => {
    const { key, cert } = await authority.leafFor(names);
    const listening = createServer({ key, cert }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listening.once('listening', resolve));
    const url = { host: '127.0.0.1', port: (listening.address() as AddressInfo).port, ca: authority.certificate };
    const socket = connect(url);
    return new Promise((resolve) => {
      socket.once('secureConnect', () => resolve('trusted'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    }).finally(() => {
      socket.destroy();
      listening.close();
    });
  };
  expect(await visitLoopback(['10.0.0.7'])).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await visitLoopback(['10.0.0.7', '127.0.0.1'])).toBe('trusted');
});

test('clients that trust another authority do not believe it', async () => {
  const [ours, theirs] = [await localAuthority(folder), await localAuthority(join(folder, 'theirs'))];
  const server = await ours.leafFor(['localhost']);
  expect(await visit(server, theirs.certificate, 'localhost')).not.toBe('trusted');
});

test('the authority cannot vouch for anything on the internet, whoever uses its key', async () => {
  const { certificate } = await localAuthority(folder);
  const key = createPrivateKey(await readFile(authorityPath, 'utf8'));
  const steal = (name: string) => issueLeaf({ key, certificate: new X509Certificate(certificate) }, [name], new Date());
  expect(await visit(await steal('pi.local'), certificate, 'pi.local')).toBe('trusted');
  expect(await visit(await steal('172.31.0.9'), certificate, '172.31.0.9')).toBe('trusted');
  for (const name of ['bank.example', 'evil-local.example', 'notlocal', '8.8.8.8', '172.32.0.9', '2001:db8::1']) {
    expect.soft(await visit(await steal(name), certificate, name), name).toMatch(/permitted subtree violation/);
  }
});

test.each([
  'bank.example',
  '8.8.8.8',
  '2001:db8::1',
  'pi',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  '',
  '*.local',
  'a b.local',
])('it is not asked to vouch for %j', async (name) => {
  const authority = await localAuthority(folder);
  await expect(authority.leafFor(['localhost', name])).rejects.toThrow(NameNotPrivateError);
  expect(await readdir(folder)).toEqual(['authority.pem']);
});

test('both certificates say what they are for, and for how long', async () => {
  const authority = await localAuthority(folder, { host: 'pi' });
  const ca = new X509Certificate(authority.certificate);
  expect(authority.name).toBe('Shoal local CA (pi)');
  expect(ca).toMatchObject({ ca: true, subject: 'CN=Shoal local CA (pi)', fingerprint256: authority.fingerprint });
  expect(ca.validToDate.getUTCFullYear() - new Date().getUTCFullYear()).toBe(10);
  const { cert, validUntil } = await authority.leafFor(NAMES);
  const leaf = new X509Certificate(cert);
  expect(leaf).toMatchObject({ ca: false, validToDate: validUntil, issuer: ca.subject });
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']); // serverAuth, and nothing else
  expect(leaf.checkIssued(ca)).toBe(true);
  expect((leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / DAY_MS).toBe(365);
  expect(leaf.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(cert.endsWith(authority.certificate)).toBe(true);
});

test('serial numbers are never the same, positive, and short enough for every reader', async () => {
  const serials = new Set<string>();
  for (let n = 0; n < 20; n++) {
    const authority = await localAuthority(join(folder, `${n}`));
    for (const pem of [authority.certificate, (await authority.leafFor(['localhost'])).cert]) {
      const { serialNumber } = new X509Certificate(pem);
      expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
      serials.add(serialNumber);
    }
  }
  expect(serials.size).toBe(40);
});

test('a second start uses what the first one made', async () => {
  const first = await localAuthority(folder);
  const server = await first.leafFor(NAMES);
  const second = await localAuthority(folder, { host: 'renamed', ...laterBy(300) });
  expect(second).toMatchObject({ certificate: first.certificate, name: first.name });
  expect(await second.leafFor(NAMES)).toEqual(server);
  expect(await second.leafFor(['PI.local', '192.168.1.10'])).toEqual(server); // fewer names, any order
  expect(await readdir(folder)).toEqual(['authority.pem', 'server.pem']);
});

test.each([
  ['for a name more', [...NAMES, '192.168.1.11'], 0],
  ['a month before the end', NAMES, 335],
  ['after the end', NAMES, 400],
])('a new server certificate is made %s', async (_, names, days) => {
  const authority = await localAuthority(folder);
  const old = await authority.leafFor(NAMES);
  const later = await localAuthority(folder, laterBy(days));
  const made = await later.leafFor(names);
  expect(made.key).not.toBe(old.key);
  expect(later.certificate).toBe(authority.certificate);
  expect(await later.leafFor(names)).toEqual(made);
  expect((await stat(serverPath)).mode & 0o777).toBe(0o600);
});

test('a server certificate from a clock that was fast is replaced', async () => {
  const authority = await localAuthority(folder);
  const early = await (await localAuthority(folder, laterBy(100))).leafFor(NAMES);
  expect((await authority.leafFor(NAMES)).cert).not.toBe(early.cert);
});

test('no server certificate outlives its authority', async () => {
  const { certificate } = await localAuthority(folder);
  const late = await localAuthority(folder, laterBy(10 * 365 - 100));
  const { cert, validUntil } = await late.leafFor(['localhost']);
  expect(validUntil).toEqual(new X509Certificate(certificate).validToDate);
  expect(await late.leafFor(['localhost'])).toMatchObject({ cert });
});

test('many that start at once make one authority, which only the user may read', async () => {
  const made = await Promise.all(Array.from({ length: 16 }, () => localAuthority(folder)));
  expect(new Set(made.map(({ certificate }) => certificate)).size).toBe(1);
  const servers = await Promise.all(made.map((authority) => authority.leafFor(['localhost'])));
  for (const server of servers) expect(await visit(server, made[0]!.certificate, 'localhost')).toBe('trusted');
  expect(await readdir(folder)).toEqual(['authority.pem', 'server.pem']); // no drafts are left
  expect((await stat(authorityPath)).mode & 0o777).toBe(0o600);
  expect((await stat(serverPath)).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('the key is in nothing that is offered', async () => {
  const authority = await localAuthority(folder);
  const server = await authority.leafFor(NAMES);
  const { d } = createPrivateKey(await readFile(authorityPath, 'utf8')).export({ format: 'jwk' });
  const secret = Buffer.from(d!, 'base64url');
  const offered = authorityFiles(authority).map(({ bytes }) => Buffer.from(bytes));
  const all = [...offered, Buffer.from(JSON.stringify({ authority, server }))].flatMap((bytes) => [
    bytes,
    // and in no base64 in it
    ...bytes
      .toString('latin1')
      .replaceAll(/\\n|\s/g, '')
      .split(/[^A-Za-z0-9+/=]+/)
      .map((word) => Buffer.from(word, 'base64')),
  ]);
  expect(all.some((bytes) => bytes.includes(secret))).toBe(false);
  // the search does find it where it is
  const kept = (await readFile(authorityPath, 'utf8')).split('-----')[2]!;
  expect(Buffer.from(kept, 'base64').includes(secret)).toBe(true);
});

const cut = (text: string, label: string): string => text.replace(new RegExp(`-----BEGIN ${label}[^]+?END.*\n`), '');

test.each([
  ['empty', () => ''],
  ['other bytes', () => '\0\x01 not PEM'],
  ['cut short', (text: string) => text.slice(0, -100)],
  ['without its key', (text: string) => cut(text, 'PRIVATE KEY')],
  ['without its certificate', (text: string) => cut(text, 'CERTIFICATE')],
  ['with a wrong byte', (text: string) => text.replace('BEGIN CERTIFICATE-----\nMII', 'BEGIN CERTIFICATE-----\nNII')],
])('a damaged authority is refused with the remedy: %s', async (_, damage) => {
  await localAuthority(folder);
  const damaged = damage(await readFile(authorityPath, 'utf8'));
  await writeFile(authorityPath, damaged);
  await expect(localAuthority(folder)).rejects.toThrow(DamagedAuthorityError);
  await expect(localAuthority(folder)).rejects.toThrow(/^Cannot use the certificate authority in .*; restore the file/);
  expect(await readFile(authorityPath, 'utf8')).toBe(damaged); // never replaced on its own: devices trust the old one
});

test('an authority with the key of another, or that is none, is refused', async () => {
  const ours = await localAuthority(folder);
  const other = join(folder, 'other');
  const theirs = await localAuthority(other);
  const key = (await readFile(authorityPath, 'utf8')).replace(ours.certificate, '');
  await writeFile(authorityPath, key + theirs.certificate);
  await expect(localAuthority(folder)).rejects.toThrow(/its key and certificate differ; /);
  await theirs.leafFor(['localhost']);
  await writeFile(authorityPath, await readFile(join(other, 'server.pem')));
  await expect(localAuthority(folder)).rejects.toThrow(/its certificate is not one that Shoal made; /);
});

test('an authority that is too old is refused, and one from the future', async () => {
  await localAuthority(folder);
  await expect(localAuthority(folder, laterBy(3660))).rejects.toThrow(AuthorityExpiredError);
  await expect(localAuthority(folder, laterBy(3640))).resolves.toBeDefined();
  await expect(localAuthority(folder, laterBy(-2))).rejects.toThrow(NotYetValidError);
});

test.each(['', 'rubbish', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
  'a damaged server certificate is made anew: %j',
  async (damaged) => {
    const authority = await localAuthority(folder);
    await authority.leafFor(['localhost']);
    await writeFile(serverPath, damaged);
    expect(await visit(await authority.leafFor(['localhost']), authority.certificate, 'localhost')).toBe('trusted');
  },
);

test('a server certificate of an authority that is gone is made anew', async () => {
  await (await localAuthority(folder)).leafFor(['localhost']);
  await rm(authorityPath);
  const authority = await localAuthority(folder);
  expect(await visit(await authority.leafFor(['localhost']), authority.certificate, 'localhost')).toBe('trusted');
});

test('what cannot be read or written is named', async () => {
  await mkdir(authorityPath, { recursive: true });
  await expect(localAuthority(folder)).rejects.toThrow(NotAFileError);
  await writeFile(join(folder, 'file'), '');
  await expect(localAuthority(join(folder, 'file'))).rejects.toThrow(/^Cannot (use|write|read) .*authority\.pem: .*; /);
});

test.skipIf(process.getuid?.() === 0)('a file of somebody else is named (root may read all)', async () => {
  await localAuthority(folder);
  await chmod(authorityPath, 0);
  await expect(localAuthority(folder)).rejects.toThrow(/^Cannot read .*authority\.pem: permission denied; /);
});

test.skipIf(!openssl)('openssl accepts the chain and the constraints (if it is installed)', async () => {
  const authority = await localAuthority(folder);
  const { cert } = await authority.leafFor(NAMES);
  const paths = { ca: join(folder, 'ca.crt'), leaf: join(folder, 'leaf.crt') };
  await writeFile(paths.ca, authority.certificate);
  await writeFile(paths.leaf, cert);
  const verify = (...more: string[]) =>
    run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', paths.ca, ...more, paths.leaf]);
  expect((await verify()).stdout).toContain('leaf.crt: OK');
  expect((await verify('-verify_ip', '192.168.1.10')).stdout).toContain('OK');
  expect((await verify('-verify_hostname', 'pi.local')).stdout).toContain('OK');
  await expect(verify('-verify_hostname', 'other.local')).rejects.toThrow(/hostname mismatch/i);
  const { stdout } = await run('openssl', ['x509', '-in', paths.ca, '-noout', '-text']);
  expect(stdout).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  expect(stdout).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  expect(stdout).toMatch(/Name Constraints: critical\s+Permitted:\s+DNS:localhost\s+DNS:local\s/);
  expect(stdout).toContain('IP:172.16.0.0/255.240.0.0');
});
