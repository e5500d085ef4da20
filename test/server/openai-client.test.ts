// The official client of OpenAI against the server, as somebody's existing program would use it.

import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer } from './server-process.ts';

let server: ServerProcess;
let client: OpenAI;
beforeAll(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused', maxRetries: 0 });
});
afterAll(() => server[Symbol.asyncDispose]());

const model = 'shoal-demo';
const fox = { model, messages: [{ role: 'user' as const, content: 'Tell me a story about a fox and a lantern.' }] };
const greedy = { temperature: 0, max_tokens: 40 };

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The status, type, code and param that a call is refused with. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  const { status, type, code, param } = error as APIError;
  return { status, type, code, param };
}

test('models', async () => {
  const { data } = await client.models.list();
  expect(data).toMatchObject([{ id: model, object: 'model', owned_by: 'shoal' }]);
  expect(await client.models.retrieve(model)).toEqual(data[0]);
  expect(await refusal(client.models.retrieve('gpt-9'))).toMatchObject({ status: 404, code: 'model_not_found' });
});

describe('chat', () => {
  test('an answer, and the same answer in a stream', async () => {
    const answer = await client.chat.completions.create({ ...fox, ...greedy });
    const [choice] = answer.choices;
    expect(answer.id).toMatch(/^chatcmpl-\w{24}$/);
    expect(choice).toMatchObject({ index: 0, finish_reason: 'length', message: { role: 'assistant', refusal: null } });
    expect(choice!.message.content).toMatch(/^Once upon a time/);
    expect(answer.usage).toMatchObject({ prompt_tokens: 16, completion_tokens: 40, total_tokens: 56 });

    const stream = await client.chat.completions.create({
      ...{ ...fox, ...greedy },
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collected(stream);
    expect(chunks[0]!.choices[0]).toMatchObject({ delta: { role: 'assistant', content: '' }, finish_reason: null });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(choice!.message.content);
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('length');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 40 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test('no usage unless it is asked for', async () => {
    const stream = await client.chat.completions.create({ ...fox, max_tokens: 3, stream: true });
    const chunks = await collected(stream);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test("the client's own helpers take the stream", async () => {
    const runner = client.chat.completions.stream({ ...fox, ...greedy });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]!.message.content).toMatch(/^Once upon a time/);
  });

  test('stop: a string or several, which are no part of the answer', async () => {
    for (const stop of [' time', ['never', ' time']]) {
      const { choices } = await client.chat.completions.create({ ...fox, ...greedy, stop });
      expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Once upon a' } });
    }
  });

  test('a story that is told to its end stops', async () => {
    const { choices } = await client.chat.completions.create({ ...fox, temperature: 0, max_completion_tokens: null });
    expect(choices[0]!.finish_reason).toBe('stop');
  });

  test('the seed decides', async () => {
    const ask = async (seed: number): Promise<string | null> =>
      (await client.chat.completions.create({ ...fox, max_tokens: 30, seed })).choices[0]!.message.content;
    const [a, again, other] = [await ask(1), await ask(1), await ask(2)];
    expect(a).toBe(again);
    expect(a).not.toBe(other);
  });

  test('many at once say what each of them says alone, whichever engine they get', async () => {
    const tell = async (seed: number): Promise<string | null> => {
      const answer = await client.chat.completions.create({ ...fox, seed, max_tokens: 60 });
      return answer.choices[0]!.message.content;
    };
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const alone: (string | null)[] = [];
    for (const seed of seeds) alone.push(await tell(seed));
    for (let round = 0; round < 3; round++) expect(await Promise.all(seeds.map(tell))).toEqual(alone);
  });

  test('n answers, in one stream too', async () => {
    const asked = { ...fox, max_tokens: 12, n: 3, seed: 5 };
    const { choices, usage } = await client.chat.completions.create(asked);
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    const texts = choices.map(({ message }) => message.content);
    expect(new Set(texts).size).toBe(3);
    expect(usage).toMatchObject({ prompt_tokens: 16, completion_tokens: 36 });
    const streamed = ['', '', ''];
    const ends: (string | null)[] = [];
    for await (const { choices: parts } of await client.chat.completions.create({ ...asked, stream: true })) {
      for (const { index, delta, finish_reason: reason } of parts) {
        streamed[index] += delta.content ?? '';
        if (reason) ends.push(reason);
      }
    }
    expect(streamed).toEqual(texts);
    expect(ends).toEqual(['length', 'length', 'length']);
  });

  test('log-probabilities', async () => {
    const { choices } = await client.chat.completions.create({ ...fox, ...greedy, logprobs: true, top_logprobs: 3 });
    const { content } = choices[0]!.logprobs!;
    expect(content).toHaveLength(40);
    expect(content!.map(({ token }) => token).join('')).toBe(choices[0]!.message.content);
    for (const { token, logprob, bytes, top_logprobs: top } of content!) {
      expect(top).toHaveLength(3);
      expect(top[0]).toEqual({ token, logprob, bytes });
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top.map((one) => one.logprob)).toEqual(top.map((one) => one.logprob).toSorted((a, b) => b - a));
    }
  });

  test('penalties and bias change what is said', async () => {
    const plain = await client.chat.completions.create({ ...fox, ...greedy });
    for (const change of [{ frequency_penalty: 2 }, { presence_penalty: 2 }, { logit_bias: { 300: 100 } }]) {
      const changed = await client.chat.completions.create({ ...fox, ...greedy, ...change });
      expect(changed.choices[0]!.message.content).not.toBe(plain.choices[0]!.message.content);
    }
  });

  test('a conversation that goes on finds what it said before in the cache', async () => {
    const first = await client.chat.completions.create({ ...fox, ...greedy });
    const messages = [...fox.messages, first.choices[0]!.message, { role: 'user' as const, content: 'And then?' }];
    const second = await client.chat.completions.create({ model, messages, max_tokens: 4 });
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(40);
  });
});

test('completions go on with a text', async () => {
  const { choices, usage } = await client.completions.create({
    ...{ model, prompt: 'Once upon a', max_tokens: 4, temperature: 0, echo: true, logprobs: 2 },
  });
  const [choice] = choices;
  expect(choice!.text).toMatch(/^Once upon a time/);
  expect(choice!.logprobs!.tokens).toHaveLength(4);
  expect(choice!.logprobs!.text_offset![0]).toBe('Once upon a'.length);
  expect(usage!.completion_tokens).toBe(4);
  const several = await client.completions.create({ model, prompt: ['One', 'Two'], n: 2, max_tokens: 2 });
  expect(several.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
});

describe('leaving', () => {
  test('an aborted stream frees its slot at once', async () => {
    const stream = await client.chat.completions.create({ ...fox, stream: true, n: 4 });
    for await (const _ of stream) break;
    await expectIdle();
  });

  test('so does an aborted call that streams nothing', async () => {
    const leaving = new AbortController();
    const call = client.chat.completions.create({ ...fox, n: 16 }, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 10);
    await expect(call).rejects.toThrow('aborted');
    await expectIdle();
  });
});

/** Far sooner than the answers would have ended. */
async function expectIdle(): Promise<void> {
  const running = async (): Promise<number> =>
    ((await (await fetch(`${server.url}/health`)).json()) as { running: number }).running;
  await expect.poll(running, { timeout: 2000, interval: 5 }).toBe(0);
}

describe('what cannot be', () => {
  test.each([
    ['an unknown model', { ...fox, model: 'gpt-9' }, { status: 404, code: 'model_not_found', param: 'model' }],
    ['a temperature of 9', { ...fox, temperature: 9 }, { status: 400, param: 'temperature' }],
    ['no messages', { model, messages: [] }, { status: 400, param: 'messages' }],
    [
      'a number for a text',
      { model, messages: [{ role: 'user', content: 3 }] },
      { status: 400, param: 'messages[0].content' },
    ],
    [
      'a picture',
      { model, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: '' } }] }] },
      { status: 400, param: 'messages[0].content[0].type' },
    ],
    ['top_logprobs alone', { ...fox, top_logprobs: 2 }, { status: 400, param: 'top_logprobs' }],
    ['a hundred answers', { ...fox, n: 100 }, { status: 400, param: 'n' }],
    [
      'a prompt beyond the context',
      { model, messages: [{ role: 'user', content: 'fox '.repeat(3000) }] },
      { status: 400, code: 'context_length_exceeded', param: 'messages' },
    ],
  ])('%s', async (_, body, wanted) => {
    expect(await refusal(client.chat.completions.create(body as never))).toMatchObject({
      type: expect.any(String),
      ...wanted,
    });
  });
});

test('401 and 429', async () => {
  await using strict = await startServer(['--slots', '1', '--api-key', 'open-sesame']);
  const of = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${strict.url}/v1`, apiKey, maxRetries: 0 });
  expect(await refusal(of('wrong').models.list())).toMatchObject({ status: 401, code: 'invalid_api_key' });
  const known = of('open-sesame');
  expect((await known.models.list()).data).toHaveLength(1);
  const calls = Array.from({ length: 80 }, () => known.chat.completions.create({ ...fox, max_tokens: 200 }));
  const results = await Promise.allSettled(calls);
  const refused = results.filter((one) => one.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(40);
  for (const { reason } of refused) {
    expect(reason).toMatchObject({ status: 429, code: 'queue_full' });
    expect(Number(reason.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  // The client's own retries get all of them through.
  const patient = new OpenAI({ baseURL: `${strict.url}/v1`, apiKey: 'open-sesame', maxRetries: 5 });
  await Promise.all(Array.from({ length: 80 }, () => patient.chat.completions.create({ ...fox, max_tokens: 4 })));
});

describe('answers that must have a form', () => {
  const messages = [{ role: 'user' as const, content: 'Tell me of a fox.' }];
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 20 },
      age: { type: 'integer', minimum: 1, maximum: 99 },
      friends: { type: 'array', items: { enum: ['owl', 'snail', 'bear'] }, minItems: 1, maxItems: 3 },
      kind: { const: 'fox' },
    },
    required: ['name', 'age', 'friends', 'kind'],
    additionalProperties: false,
  };

  test('json_schema, whatever the seed, and in a stream', async () => {
    const format = { type: 'json_schema' as const, json_schema: { name: 'animal', schema, strict: true } };
    for (let seed = 0; seed < 5; seed++) {
      const asked = { model, messages, seed, response_format: format };
      const { choices } = await client.chat.completions.create(asked);
      expect(choices[0]!.finish_reason).toBe('stop');
      const animal = JSON.parse(choices[0]!.message.content!);
      expect(Object.keys(animal)).toEqual(['name', 'age', 'friends', 'kind']);
      expect(animal.name.length).toBeLessThanOrEqual(20);
      expect(animal.age).toBeGreaterThanOrEqual(1);
      expect(animal.age).toBeLessThanOrEqual(99);
      expect(animal.friends.length).toBeGreaterThan(0);
      for (const friend of animal.friends) expect(['owl', 'snail', 'bear']).toContain(friend);
      expect(animal.kind).toBe('fox');
      const stream = await collected(await client.chat.completions.create({ ...asked, stream: true }));
      expect(stream.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('')).toBe(
        choices[0]!.message.content,
      );
    }
  });

  test('json_object', async () => {
    const asked = { model, messages, seed: 3, response_format: { type: 'json_object' as const }, max_tokens: 900 };
    const { choices } = await client.chat.completions.create(asked);
    const text = choices[0]!.message.content!;
    // A model that was never taught JSON may go on and on; what it wrote until then is the beginning of an object.
    expect(text).toMatch(/^\s*\{/);
    if (choices[0]!.finish_reason === 'stop') expect(JSON.parse(text)).toBeTypeOf('object');
  });

  test('a schema that cannot be held to is refused, and says where', async () => {
    const bad = { type: 'object', properties: { a: { not: { type: 'string' } } } };
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'bad', schema: bad } };
    const call = client.chat.completions.create({ model, messages, response_format });
    expect(await refusal(call)).toMatchObject({ status: 400, param: 'response_format' });
    await expect(client.chat.completions.create({ model, messages, response_format })).rejects.toThrow(
      /"not".*properties/,
    );
  });

  test('a tool that must be called is called', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'look_up', description: 'Looks up an animal.', parameters: schema },
      },
    ];
    for (const tool_choice of ['required' as const, { type: 'function' as const, function: { name: 'look_up' } }]) {
      const { choices } = await client.chat.completions.create({ model, messages, tools, tool_choice, seed: 1 });
      const [call] = choices[0]!.message.tool_calls!;
      expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
      expect(call).toMatchObject({ type: 'function', function: { name: 'look_up' } });
      expect(JSON.parse((call as { function: { arguments: string } }).function.arguments)).toMatchObject({
        kind: 'fox',
      });
    }
    const runner = client.chat.completions.stream({ model, messages, tools, tool_choice: 'required', seed: 1 });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]!.message.tool_calls).toHaveLength(1);
  });
});
