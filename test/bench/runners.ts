// Each contestant measured on the same work: reading a prompt of about 256 tokens, then generating. Every one runs in a
// process of its own, as its users run it.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BenchModels } from './models.ts';

const run = promisify(execFile);

export interface Speed {
  readonly prefillMsPerToken: number;
  readonly decodeMsPerToken: number;
}

/** About 250 tokens of the made-up vocabulary. */
const PROMPT = 'Hello world '.repeat(24).trim();
const GENERATED = 64;
const STEPS = 330;
const OPTIONS = { maxBuffer: 2 ** 24 };

export async function runShoal(models: BenchModels, threads: number): Promise<Speed> {
  const main = new URL('../../node/shoal.js', import.meta.url).pathname;
  const { stdout } = await run(
    process.execPath,
    [main, 'inference', '--json', '--ignore-eos', ...modelFlags(models, threads)],
    OPTIONS,
  );
  const { evaluation, prediction } = JSON.parse(stdout) as Record<string, { msPerToken: number }>;
  return { prefillMsPerToken: evaluation.msPerToken, decodeMsPerToken: prediction.msPerToken };
}

/** `binary`: distributed-llama's `dllama`. */
export async function runDllama(binary: string, models: BenchModels, threads: number): Promise<Speed> {
  const flags = ['--buffer-float-type', 'q80', '--net-turbo', '0'];
  const { stdout } = await run(binary, ['inference', ...modelFlags(models, threads), ...flags], OPTIONS);
  const [prefill, decode] = [...stdout.matchAll(/\(([\d.]+) ms\/tok\)/g)].map((match) => Number(match[1]));
  return { prefillMsPerToken: prefill, decodeMsPerToken: decode };
}

const modelFlags = ({ model, tokenizer }: BenchModels, threads: number): string[] => [
  ...['--model', model, '--tokenizer', tokenizer, '--prompt', PROMPT],
  ...['--steps', String(STEPS), '--nthreads', String(threads), '--temperature', '0'],
];

/** `module`: the entry of an installed node-llama-cpp. */
export async function runLlamaCpp(module: string, models: BenchModels, threads: number): Promise<Speed> {
  const script = new URL('llama-cpp.ts', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [
    script,
    module,
    models.gguf,
    String(threads),
    '256',
    String(GENERATED),
  ]);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) as Speed;
}
