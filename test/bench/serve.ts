// What the API costs over the bare engine, and what many streams give together: the server in its own process, its client
// in this one, bare and served taking turns.
//
// usage: npm run bench:serve -- [--threads N] [--rounds N]

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from '../../shared/measure/median.ts';
import { startServer } from '../server/server-process.ts';
import { benchModel, header } from './models.ts';
import { runShoal } from './runners.ts';

const { values } = parseArgs({
  options: { threads: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
const threads = Number(values.threads ?? Math.min(2, availableParallelism()));
const rounds = Number(values.rounds);
const STREAMS = 32;
const TOKENS = 300;
/** Once in each token's chunk. */
const MARK = '"finish_reason":null';

interface Streamed {
  readonly tokens: number;
  readonly msPerToken: number;
}

/** Reads a stream and counts its tokens; the time is that between the first and the last. */
async function stream(url: string, path: string, body: object): Promise<Streamed> {
  const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', body: JSON.stringify({ ...body, stream: true }) });
  if (!answer.ok) throw new Error(await answer.text());
  let tokens = 0;
  let [first, last] = [0, 0];
  for await (const bytes of answer.body!) {
    last = performance.now();
    const text = Buffer.from(bytes).toString('latin1');
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) {
      if (tokens++ === 0) first = last;
    }
  }
  return { tokens, msPerToken: (last - first) / (tokens - 1) };
}

const prompt = 'Hello world '.repeat(24).trim();
const story = {
  model: 'shoal-demo',
  messages: [{ role: 'user', content: 'Tell me a story about a fox and a lantern.' }],
};

const models = { ...(await benchModel('llama-1.1b', header)), gguf: '' };
const bare: number[] = [];
const served: number[] = [];
{
  await using server = await startServer([
    '--model',
    models.model,
    '--tokenizer',
    models.tokenizer,
    '--nthreads',
    String(threads),
    '--slots',
    '2',
  ]);
  const body = { model: 'llama-1.1b', prompt, max_tokens: 80, temperature: 0 };
  await stream(server.url, 'completions', body);
  for (let round = 0; round < rounds; round++) {
    bare.push((await runShoal(models, threads)).decodeMsPerToken);
    served.push((await stream(server.url, 'completions', body)).msPerToken);
  }
}
const overhead = median(served.map((ms, i) => ms / bare[i]!)) - 1;
console.log(
  `one stream, 1.1B: bare ${median(bare).toFixed(2)} ms a token, served ${median(served).toFixed(2)}: ${(100 * overhead).toFixed(1)} % more`,
);

await using server = await startServer();
const ask = async (seed: number): Promise<Streamed> => {
  const body = { ...story, max_tokens: TOKENS, seed };
  return stream(server.url, 'chat/completions', body);
};
const one: number[] = [];
const many: number[] = [];
for (let round = 0; round < rounds + 1; round++) {
  let tokens = 0;
  let begun = performance.now();
  for (let seed = 0; seed < 8; seed++) tokens += (await ask(seed)).tokens;
  one.push((1000 * tokens) / (performance.now() - begun));
  begun = performance.now();
  const all = await Promise.all(Array.from({ length: STREAMS }, (_, seed) => ask(seed)));
  many.push((1000 * all.reduce((sum, { tokens: count }) => sum + count, 0)) / (performance.now() - begun));
}
const [alone, together] = [median(one.slice(1)), median(many.slice(1))];
console.log(
  `demo model: one stream ${alone.toFixed(0)} tokens/s, ${STREAMS} streams ${together.toFixed(0)} together: ${(together / alone).toFixed(2)}×`,
);
