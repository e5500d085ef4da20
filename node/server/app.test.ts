import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { ServedModel } from '../../shared/api/openai/served-model.ts';
import { toolNotationOf } from '../../shared/api/openai/tool-notation.ts';
import { TokenStream } from '../../shared/engine/generation.ts';
import { requestMetrics } from '../../shared/measure/request-metrics.ts';
import { createTokenizer } from '../../shared/text/tokenizer.ts';
import { tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import { createApp } from './app.ts';
import { ServerMetrics } from './metrics.ts';
import { StaticFiles } from './static-files.ts';

const status = () => ({ running: 0, waiting: 0, slots: 1, seqLen: 100 });
const phase = { tokens: 0, ms: 0 };

/** A model that says what `streams` are given. */
function appWith(streams: TokenStream[]) {
  const tokenizer = createTokenizer(tinyVocabulary(300));
  const model: ServedModel = {
    ...{ id: 'told', created: 0, tokenizer, template: undefined, tools: toolNotationOf(''), seqLen: 100, sampling: {} },
    status,
    async generate() {
      const stream: TokenStream = new TokenStream((finishReason) => {
        const times = { requestedAt: 0, firstTokenAt: 1, finishedAt: 2, inputTokens: 1, outputTokens: 1 };
        const metrics = requestMetrics(times);
        stream.end({ finishReason, metrics, queuedMs: 0, reusedTokens: 0, evaluation: phase, prediction: phase });
      });
      streams.push(stream);
      return stream;
    },
  };
  return createApp({
    ...{
      modelId: 'told',
      model: () => model,
      progress: () => 1,
      apiKey: undefined,
      metrics: new ServerMetrics(status),
    },
    ...{ page: new StaticFiles(new Map()), share: () => ({ urls: [] }), downloads: () => undefined, log: () => {} },
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An answer of one token that has begun, and how many listen to whether its caller goes away. */
async function begun(stream: boolean) {
  const streams: TokenStream[] = [];
  const body = JSON.stringify({ model: 'told', prompt: 'a', stream });
  // With its length, as clients send it: else Hono makes a Request of its own, which counts.
  const headers = { 'Content-Length': String(body.length) };
  const request = new Request('http://localhost/v1/completions', { method: 'POST', body, headers });
  const response = appWith(streams).request(request);
  while (streams.length === 0) await turn();
  await turn();
  streams[0]!.push({ id: 100, index: 0, isStop: false, logprobs: undefined, at: 0 });
  return { response, generation: streams[0]!, listening: () => getEventListeners(request.signal, 'abort').length };
}

// Node never forgets a signal with a listener: a server would keep every request that it ever had.
test.each([true, false])(
  'nobody listens any more to the caller of an answer that has ended, stream: %s',
  async (stream) => {
    const { response, generation, listening } = await begun(stream);
    expect(listening()).toBe(1);
    generation.cancel('stop');
    expect(await (await response).text()).toContain('"finish_reason":"stop"');
    expect(listening()).toBe(0);
  },
);

test('nor to one who has left its stream', async () => {
  const { response, generation, listening } = await begun(true);
  const reader = (await response).body!.getReader();
  await reader.read();
  await reader.cancel();
  expect(await generation.finished).toMatchObject({ finishReason: 'cancelled' });
  expect(listening()).toBe(0);
});
