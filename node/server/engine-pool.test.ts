import { expect, test } from 'vitest';
import type { ServedRequest } from '../../shared/api/openai/served-model.ts';
import { type GenerationSummary, TokenStream } from '../../shared/engine/generation.ts';
import { requestMetrics } from '../../shared/measure/request-metrics.ts';
import { EnginePool, type PooledEngine } from './engine-pool.ts';

const times = { requestedAt: 0, firstTokenAt: 1, finishedAt: 2, inputTokens: 1, outputTokens: 1 };
const none = { tokens: 0, ms: 0 };
const summary: GenerationSummary = {
  ...{ finishReason: 'stop', queuedMs: 0, reusedTokens: 0, evaluation: none, prediction: none },
  metrics: requestMetrics(times),
};

/** An engine that does what it is told to. */
class FakeEngine implements PooledEngine {
  readonly start = Promise.withResolvers<void>();
  readonly ready = this.start.promise;
  readonly progress = 1;
  readonly streams: TokenStream[] = [];
  refuses = false;
  closed = 0;
  readonly onDeath: (error: Error) => void;

  constructor(onDeath: (error: Error) => void) {
    this.onDeath = onDeath;
    this.ready.catch(() => {});
  }

  get status() {
    return { running: this.streams.length, waiting: 1, slots: 4, seqLen: 100 };
  }

  async generate(): Promise<TokenStream> {
    if (this.refuses) throw new Error('full');
    const stream = new TokenStream(() => {});
    this.streams.push(stream);
    return stream;
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const asking = (...prompt: number[]): ServedRequest => ({ prompt, maxTokens: 1, stopIds: [], sampling: {} });

async function poolOf(most: number) {
  const engines: FakeEngine[] = [];
  const deaths: Error[] = [];
  const lines: string[] = [];
  const pool = new EnginePool({
    most,
    start: (_, onDeath) => {
      engines.push(new FakeEngine(onDeath));
      return engines.at(-1)!;
    },
    onDeath: (error) => deaths.push(error),
    log: (line) => lines.push(line),
  });
  engines[0]!.start.resolve();
  await pool.ready;
  /** With all that there may be. */
  const grown = async (): Promise<void> => {
    for (let i = 1; i < most; i++) {
      const asked = await Promise.all([...engines, 1].map(() => pool.generate(asking(9))));
      engines[i]!.start.resolve();
      await turn();
      for (const engine of engines) for (const stream of engine.streams.splice(0)) stream.end(summary);
      await Promise.all(asked.map(({ finished }) => finished));
    }
  };
  return { pool, engines, deaths, lines, grown };
}

const counts = (engines: readonly FakeEngine[]): number[] => engines.map(({ streams }) => streams.length);

test('who is alone has one engine; requests that come together start others, one at a time', async () => {
  const { pool, engines } = await poolOf(3);
  const alone = await pool.generate(asking(1));
  engines[0]!.streams[0]!.end(summary);
  await alone.finished;
  await pool.generate(asking(2));
  expect(engines).toHaveLength(1);
  await pool.generate(asking(3));
  await pool.generate(asking(4));
  expect(engines).toHaveLength(2);
  expect(counts(engines)).toEqual([4, 0]); // it has not loaded the model yet
  engines[1]!.start.resolve();
  await turn();
  for (let i = 0; i < 3; i++) await pool.generate(asking(i));
  expect(counts(engines)).toEqual([4, 3, 0]);
  engines[2]!.start.resolve();
  await turn();
  for (let i = 0; i < 9; i++) await pool.generate(asking(i));
  expect(engines).toHaveLength(3);
  expect(Math.max(...counts(engines)) - Math.min(...counts(engines))).toBeLessThanOrEqual(1);
});

test('a conversation goes on where it is, unless that engine has more to do', async () => {
  const { pool, engines, grown } = await poolOf(3);
  await grown();
  const first = [1, 2, 3, 4];
  await pool.generate(asking(...first)); // to the first engine
  await pool.generate(asking(1, 2, 7, 8)); // to the second
  for (const { streams } of engines) for (const stream of streams.splice(0)) stream.end(summary);
  await turn();
  await pool.generate(asking(1, 2, 7, 8, 9, 9));
  expect(counts(engines)).toEqual([0, 1, 0]);
  await pool.generate(asking(...first, 5, 6));
  expect(counts(engines)).toEqual([1, 1, 0]);
  await pool.generate(asking(...first, 5, 6));
  expect(counts(engines)).toEqual([1, 1, 1]);
});

test('a request that is refused counts no more', async () => {
  const { pool, engines, grown } = await poolOf(2);
  await grown();
  engines[0]!.refuses = true;
  for (let i = 0; i < 3; i++) await expect(pool.generate(asking(i))).rejects.toThrow('full');
  expect(counts(engines)).toEqual([0, 0]);
  engines[0]!.refuses = false;
  for (let i = 0; i < 4; i++) await pool.generate(asking(i));
  expect(counts(engines)).toEqual([2, 2]);
});

test('one that cannot start is told of once, and not tried again', async () => {
  const { pool, engines, lines, deaths } = await poolOf(4);
  for (let i = 0; i < 3; i++) await pool.generate(asking(i));
  engines[1]!.onDeath(new Error('no memory'));
  engines[1]!.start.reject(new Error('no memory'));
  await turn();
  for (let i = 0; i < 3; i++) await pool.generate(asking(i));
  expect(counts(engines)).toEqual([6, 0]);
  expect(engines[1]!.closed).toBe(1);
  expect(lines).toEqual(['Goes on with fewer engines (1 of 4): no memory']);
  expect(deaths).toEqual([]);
});

test('others go on where one dies; with the last, the server does', async () => {
  const { pool, engines, lines, deaths, grown } = await poolOf(2);
  await grown();
  engines[0]!.onDeath(new Error('a fault'));
  for (let i = 0; i < 2; i++) await pool.generate(asking(i));
  expect(counts(engines)).toEqual([0, 2]);
  expect(lines).toEqual(['Goes on with fewer engines (1 of 2): a fault']);
  engines[1]!.onDeath(new Error('another'));
  expect(deaths).toMatchObject([{ message: 'another' }]);
});

test('the state is that of all', async () => {
  const { pool, grown } = await poolOf(2);
  expect(pool.status).toEqual({ running: 0, waiting: 1, slots: 8, seqLen: 100 });
  await grown();
  await pool.generate(asking(1));
  await pool.generate(asking(2));
  expect(pool.status).toEqual({ running: 2, waiting: 2, slots: 8, seqLen: 100 });
});

test('closing closes all, also one that has just begun to load', async () => {
  const { pool, engines } = await poolOf(2);
  await pool.generate(asking(1));
  await pool.generate(asking(2));
  const closing = pool.close();
  engines[1]!.start.resolve();
  await closing;
  expect(engines.map(({ closed }) => closed)).toEqual([1, 1]);
});
