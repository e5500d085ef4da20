// Runs the real program in a process of its own, as a user would.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../node/shoal.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output has said this; rejects if the program ends before. */
  said(words: RegExp): Promise<void>;
}

export function startShoal(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  nodeOptions: readonly string[] = [],
): Running {
  const child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Not as npm's script: what is proposed starts with `shoal`.
    env: { ...process.env, npm_lifecycle_event: undefined, NODE_OPTIONS: '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    child,
    ended,
    said: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (words.test(stdout)) resolve();
        };
        child.stdout.on('data', look);
        look();
        ended.then(() => reject(new Error(`ended without saying ${words}: ${stdout}\n${stderr}`)), reject);
      }),
  };
}

export function shoal(
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const { child, ended } = startShoal(args, env);
  child.stdin.end(input);
  return ended;
}
