// What the API costs over the bare engine, and what many streams give together: the server in its own process, its client
// in this one, bare and served taking turns.
//
// usage: npm run bench:serve -- [--threads N] [--rounds N]

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
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
/** That a client asks for, one after the other: many, so that 32 run at once for most of the time. */
const STORIES = 16;
const TOKENS = 300;

/** In a chunk that is more than the role: `content` of a chat, `text` of a completion. */
const TEXT = /"(content|text)":"[^"]/;

interface Streamed {
  readonly tokens: number;
  readonly msPerToken: number;
}

/** By node:http: a client that costs little, as it has the server's two cores. */
const agent = new Agent({ keepAlive: true });

/** Reads a stream to its end, where the usage stands; the time is that between the first text and the last. */
async function stream(url: string, path: string, body: object): Promise<Streamed> {
  const asked = request(`${url}/v1/${path}`, { method: 'POST', agent });
  asked.end(JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let [first, last] = [0, 0];
  let end = '';
  answer.on('data', (bytes: Buffer) => {
    last = performance.now();
    end = bytes.toString('latin1');
    if (first === 0 && TEXT.test(end)) first = last;
  });
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(end);
  const tokens = Number(/"completion_tokens":(\d+)/.exec(end)![1]);
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
/** Tokens per second of so many clients at once. */
async function speedOf(clients: number, stories: number): Promise<number> {
  let tokens = 0;
  const begun = performance.now();
  const client = async (seed: number): Promise<void> => {
    for (let story = 0; story < stories; story++) {
      const told = await ask(seed * stories + story);
      tokens += told.tokens;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, seed) => client(seed)));
  return (1000 * tokens) / (performance.now() - begun);
}
const one: number[] = [];
const many: number[] = [];
for (let round = 0; round < rounds + 1; round++) {
  one.push(await speedOf(1, 4 * STORIES));
  many.push(await speedOf(STREAMS, STORIES));
}
const [alone, together] = [median(one.slice(1)), median(many.slice(1))];
const ratio = median(many.slice(1).map((tokens, round) => tokens / one[round + 1]!));
console.log(
  `demo model: one stream ${alone.toFixed(0)} tokens/s, ${STREAMS} streams ${together.toFixed(0)} together: ${ratio.toFixed(2)}×`,
);
agent.destroy();
