// What is beside the API: the door to the home network, what Prometheus reads, who may call from where.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localAuthority } from '../../node/server/tls/authority.ts';
import { startShoal } from '../cli/shoal-process.ts';
import { type ServerProcess, startServer } from './server-process.ts';

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-doors-'));
  server = await startServer(['--lan', '--lan-port', '0'], { env: { XDG_CONFIG_HOME: folder, NO_COLOR: '1' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** By HTTPS, trusting nobody but `ca`. */
function secure(url: string, ca: string): Promise<{ status: number | undefined; body: string; type: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: new Agent({ ca }) }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode, body, type: String(answer.headers['content-type']) }),
      );
    }).on('error', reject);
  });
}

interface Shared {
  readonly urls: readonly string[];
  readonly qr: string;
  readonly authority: { readonly fingerprint: string; readonly systems: readonly { readonly file: string }[] };
}

test('the network is let in by HTTPS, with a certificate of the authority that is offered', async () => {
  const share = (await (await fetch(`${server.url}/share`)).json()) as Shared;
  const port = new URL(share.urls[0]!).port;
  expect(share.qr).toMatch(/^<svg/);
  for (const { file } of share.authority.systems) {
    const download = await fetch(server.url + file);
    expect(download.status).toBe(200);
    expect(download.headers.get('content-type')).toMatch(/x509-ca-cert|aspen-config/);
    expect(await download.text()).not.toContain('PRIVATE');
  }
  const ca = await (await fetch(`${server.url}/shoal-ca.crt`)).text();
  const page = await secure(`https://localhost:${port}/`, ca);
  expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  await expect(secure(`https://localhost:${port}/`, '')).rejects.toThrow(/certificate/);
});

test('a certificate of the own takes its place', async () => {
  const authority = await localAuthority(join(folder, 'other'));
  const { key, cert } = await authority.leafFor(['localhost']);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'cert.pem'), cert);
  const files = ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')];
  await using own = await startServer(['--lan', '--lan-port', '0', ...files]);
  const share = (await (await fetch(`${own.url}/share`)).json()) as Shared;
  expect(share.authority).toBeUndefined();
  const page = await secure(`https://localhost:${new URL(share.urls[0]!).port}/health`, authority.certificate);
  expect(page.status).toBe(200);
});

test('what Prometheus reads', async () => {
  const body = JSON.stringify({ model: 'shoal-demo', prompt: 'Once', max_tokens: 5 });
  await (await fetch(`${server.url}/v1/completions`, { method: 'POST', body })).text();
  await fetch(`${server.url}/v1/completions`, { method: 'POST', body: '{' });
  await fetch(`${server.url}/v1/${'x'.repeat(500)}`);
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch('text/plain');
  const text = await answer.text();
  expect(text).toMatch(/^shoal_http_requests_total\{route="\/v1\/completions",status="200"\} 1$/m);
  expect(text).toMatch(/^shoal_http_requests_total\{route="\/v1\/completions",status="400"\} 1$/m);
  expect(text).toMatch(/^shoal_tokens_total\{kind="generated"\} \d+$/m);
  expect(text).toMatch(/^shoal_time_to_first_token_seconds_count [1-9]/m);
  expect(text).toMatch(/^shoal_requests_running 0$/m);
  expect(text).not.toContain('xxx');
});

test('other origins may call the API with a key, and nothing else', async () => {
  const asking = {
    method: 'OPTIONS',
    headers: {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-stainless-os',
    },
  };
  const allowed = await fetch(`${server.url}/v1/chat/completions`, asking);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('*');
  expect(allowed.headers.get('access-control-allow-headers')).toMatch(/authorization.*x-stainless-os/);
  for (const path of ['/share', '/metrics', '/health']) {
    const answer = await fetch(server.url + path, { headers: { Origin: 'https://app.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('pages may run nothing from elsewhere, and are isolated', async () => {
  const { headers } = await fetch(`${server.url}/`);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

test('a key is in no line that is printed', async () => {
  await using strict = await startServer(['--api-key', 'open-sesame']);
  await fetch(`${strict.url}/v1/models`, { headers: { Authorization: 'Bearer wrong-sesame' } });
  await fetch(`${strict.url}/v1/models`, { headers: { Authorization: 'Bearer open-sesame' } });
  strict.running.child.kill('SIGTERM');
  const { stdout, stderr } = await strict.running.ended;
  expect(stdout + stderr).not.toMatch(/sesame/);
});

test('what fails while the model is loaded ends it with a line', async () => {
  const { code, stdout, stderr } = await startShoal(['serve', '--port', '0', '--workers', '127.0.0.1:1']).ended;
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^shoal: Cannot reach 127\.0\.0\.1:1: nothing listens on that port; [^\n]*$/m);
});
