// A server in a process of its own, as `npm start` makes one.

import { type Running, startShoal } from '../cli/shoal-process.ts';

export interface ServerProcess extends AsyncDisposable {
  /** Such as http://127.0.0.1:38111 */
  readonly url: string;
  readonly running: Running;
  readonly port: number;
}

export interface ServerOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Absent: one that is free. */
  readonly port?: number;
  readonly nodeOptions?: readonly string[];
}

export async function startServer(
  args: readonly string[] = [],
  { env, port = 0, nodeOptions }: ServerOptions = {},
): Promise<ServerProcess> {
  const running = startShoal(['serve', '--port', String(port), ...args], env, nodeOptions);
  let stdout = '';
  running.child.stdout.on('data', (text) => {
    stdout += text;
  });
  await running.said(/API: .*\n/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)![0];
  return {
    url,
    running,
    port: Number(new URL(url).port),
    async [Symbol.asyncDispose]() {
      running.child.kill('SIGTERM');
      await running.ended;
    },
  };
}
