// Binds the routes to ports, and lets go of them without losing answers.

import type { Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Milliseconds } from '../../shared/units.ts';
import { listenError } from '../links/tcp-errors.ts';

export interface HttpServerOptions {
  readonly app: Hono;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Absent: HTTP without encryption. */
  readonly tls?: Tls;
}

/** PEM. */
export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export interface HttpServer {
  readonly port: number;
  /** Such as http://127.0.0.1:9990/ */
  readonly url: string;
  /** For connections from now on. */
  renew(tls: Tls): void;
  /** Takes no more requests, and resolves when those that run are answered, or after `graceMs`. */
  close(graceMs: Milliseconds): Promise<void>;
}

/** For the whole of a request to arrive. A slow phone sends four megabytes in that time. */
const REQUEST_TIMEOUT_MS: Milliseconds = 60_000;
const HEADERS_TIMEOUT_MS: Milliseconds = 15_000;
const SWEEP_MS: Milliseconds = 50;

export async function openHttpServer({ app, host, port, tls }: HttpServerOptions): Promise<HttpServer> {
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS };
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(tls ? { createServer: createSecureServer, serverOptions: { ...limits, ...tls } } : { serverOptions: limits }),
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: Error): void => reject(listenError({ host, port }, cause));
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
  const bound = (server.address() as AddressInfo).port;
  const shown = isIPv6(host) ? `[${host}]` : host;
  return {
    port: bound,
    url: `${tls ? 'https' : 'http'}://${shown}:${bound}/`,
    renew({ key, cert }) {
      if ('setSecureContext' in server) (server as SecureServer).setSecureContext({ key, cert });
    },
    close(graceMs) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        // Browsers keep connections, which become idle one after the other.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
        server.close(() => {
          clearTimeout(timer);
          clearInterval(sweep);
          resolve();
        });
      });
    },
  };
}
