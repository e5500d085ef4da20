import { describe, expect, test } from 'vitest';
import { tinyVocabulary } from '../../../test/fixtures/tiny-models.ts';
import { type Generation, TokenStream } from '../../engine/generation.ts';
import { requestMetrics } from '../../measure/request-metrics.ts';
import { createChatTemplate } from '../../text/chat-template.ts';
import { createTokenizer } from '../../text/tokenizer.ts';
import { answerChat } from './chat-answer.ts';
import type { ServedModel, ServedRequest } from './served-model.ts';
import { toolNotationOf } from './tool-notation.ts';

const tokenizer = createTokenizer(tinyVocabulary(300));
const PLAIN = '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]';
const WITH_TOOLS = `{# calls in <tool_call> #}{% for t in tools or [] %}<{{ t.function.name }}>{% endfor %}${PLAIN}`;

/** A model that says what it is told to, token by token, whatever it is asked. */
function parrot(text: string, source = PLAIN): { model: ServedModel; asked: ServedRequest[] } {
  const asked: ServedRequest[] = [];
  const say = async (request: ServedRequest): Promise<Generation> => {
    asked.push(request);
    const stream = new TokenStream(() => {});
    const ids = tokenizer.encode(text, { bos: false, special: false });
    const times = {
      requestedAt: 0,
      firstTokenAt: 1,
      finishedAt: 2,
      inputTokens: request.prompt.length,
      outputTokens: ids.length,
    };
    const phase = { tokens: 0, ms: 0 };
    const speak = async (): Promise<void> => {
      for (const [index, id] of ids.entries()) {
        stream.push({ id, index, isStop: false, logprobs: undefined, at: 0 });
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end({
        ...{ finishReason: 'stop', queuedMs: 0, reusedTokens: 0, evaluation: phase, prediction: phase },
        metrics: requestMetrics(times),
      });
    };
    speak();
    return stream;
  };
  const model: ServedModel = {
    ...{ id: 'parrot', created: 0, tokenizer, seqLen: 1000, generate: say },
    template: createChatTemplate(source, { bosToken: '', eosToken: '' }),
    tools: toolNotationOf(source),
    sampling: { temperature: 0.7, topP: 0.8 },
    status: () => ({ running: 0, waiting: 0, slots: 1, seqLen: 1000 }),
  };
  return { model, asked };
}

const promptOf = ({ prompt }: ServedRequest): string => tokenizer.decode(prompt);
const tool = (name: string) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
});
const ask = { model: 'parrot', messages: [{ role: 'user', content: 'hi' }] };
const withTools = { ...ask, tools: [tool('weather'), tool('time')] };

interface Chunk {
  choices: {
    delta: {
      content?: string;
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
    finish_reason: string | null;
  }[];
}

describe('tools', () => {
  const said =
    'I look.<tool_call>{"name": "weather", "arguments": {"city": "Paris"}}</tool_call><tool_call>{"name": "time", "arguments": {}}</tool_call>';

  test('calls in a whole answer', async () => {
    const answer = await answerChat(parrot(said, WITH_TOOLS).model, withTools);
    expect(await answer.whole()).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'I look.',
            tool_calls: [
              {
                id: expect.stringMatching(/^call_\w{24}$/),
                type: 'function',
                function: { name: 'weather', arguments: '{"city": "Paris"}' },
              },
              { function: { name: 'time', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  test('a stream says name and id once, then the arguments', async () => {
    const answer = await answerChat(parrot(said, WITH_TOOLS).model, { ...withTools, stream: true });
    expect(answer.streams).toBe(true);
    const calls: { id?: string | undefined; name?: string | undefined; arguments: string; parts: number }[] = [];
    const reasons: string[] = [];
    for await (const chunk of answer.chunks()) {
      const [choice] = (chunk as Chunk).choices;
      if (choice?.finish_reason) reasons.push(choice.finish_reason);
      for (const { index, id, function: called } of choice?.delta.tool_calls ?? []) {
        if (id !== undefined) calls[index] = { id, name: called.name, arguments: '', parts: 0 };
        else expect(called.name).toBeUndefined();
        calls[index]!.arguments += called.arguments;
        calls[index]!.parts++;
      }
    }
    expect(reasons).toEqual(['tool_calls']);
    expect(calls).toMatchObject([
      { name: 'weather', arguments: '{"city": "Paris"}' },
      { name: 'time', arguments: '{}' },
    ]);
    expect(calls[0]!.parts).toBeGreaterThan(3);
    expect(calls[0]!.id).not.toBe(calls[1]!.id);
  });

  test('without tools in the request, such text is text', async () => {
    const { choices } = (await (await answerChat(parrot(said, WITH_TOOLS).model, ask)).whole()) as {
      choices: { message: { content: string } }[];
    };
    expect(choices[0]!.message.content).toBe(said);
  });

  test('templates that know tools are given them, others are told', async () => {
    const knowing = parrot('', WITH_TOOLS);
    await answerChat(knowing.model, withTools);
    expect(promptOf(knowing.asked[0]!)).toBe('<weather><time>[user]hi[assistant]');
    const other = parrot('');
    await answerChat(other.model, {
      ...withTools,
      messages: [{ role: 'developer', content: 'Be brief.' }, ...ask.messages],
    });
    expect(promptOf(other.asked[0]!)).toMatch(
      /^\[system\]Be brief\.\n\nYou can call functions.*"weather".*<tool_call>[\s\S]*\[user\]hi\[assistant\]$/s,
    );
    const none = parrot('', WITH_TOOLS);
    await answerChat(none.model, { ...withTools, tool_choice: 'none' });
    expect(promptOf(none.asked[0]!)).toBe('[user]hi[assistant]');
  });

  test('what was called and what came of it is part of the conversation', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } };
    const messages = [
      ...ask.messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '20 degrees' },
    ];
    const other = parrot('');
    await answerChat(other.model, { ...withTools, messages });
    expect(promptOf(other.asked[0]!)).toContain(
      '[user]hi[assistant]<tool_call>{"name":"weather","arguments":{"city":"Paris"}}</tool_call>' +
        '[user]<tool_response>\n20 degrees\n</tool_response>[assistant]',
    );
  });

  test('a call that must be made is begun, and constrained', async () => {
    const forced = parrot('{"name": "time", "arguments": {"city": "Rome"}}', WITH_TOOLS);
    const answer = await answerChat(forced.model, {
      ...withTools,
      tool_choice: { type: 'function', function: { name: 'time' } },
    });
    expect(promptOf(forced.asked[0]!)).toMatch(/\[assistant\]<tool_call>$/);
    expect(forced.asked[0]!.format).toMatchObject({
      type: 'schema',
      schema: { properties: { name: { const: 'time' } } },
    });
    expect(await answer.whole()).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: { content: null, tool_calls: [{ function: { name: 'time', arguments: '{"city": "Rome"}' } }] },
        },
      ],
    });
    const any = parrot('', WITH_TOOLS);
    await answerChat(any.model, { ...withTools, tool_choice: 'required' });
    expect(any.asked[0]!.format).toMatchObject({ type: 'schema', schema: { anyOf: [{}, {}] } });
  });
});

test('settings reach the engine', async () => {
  const { model, asked } = parrot('x');
  const settings = {
    temperature: 0.5,
    top_p: 0.9,
    seed: 7,
    presence_penalty: 1,
    logit_bias: { 5: -3 },
    max_completion_tokens: 9,
    max_tokens: 4,
  };
  await answerChat(model, { ...ask, ...settings, n: 2, stop: null, top_k: 5 });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({
    maxTokens: 9,
    logprobs: undefined,
    sampling: { temperature: 0.5, topP: 0.9, topK: 5, seed: 8, presencePenalty: 1 },
  });
  expect([...asked[0]!.sampling!.logitBias!]).toEqual([[5, -3]]);
});

test('what is left open is as the server was started', async () => {
  const { model, asked } = parrot('x');
  await answerChat(model, { ...ask, temperature: null });
  await answerChat(model, { ...ask, top_p: 0 });
  expect(asked.map(({ sampling }) => sampling)).toMatchObject([
    { temperature: 0.7, topP: 0.8, topK: undefined },
    { temperature: 0.7, topK: 1 },
  ]);
});

test('if one of several answers gets no place, none goes on', async () => {
  const { model } = parrot('x');
  let begun = 0;
  const cancelled: number[] = [];
  const generate: ServedModel['generate'] = async () => {
    const number = begun++;
    if (number === 2) throw new RangeError('no place');
    return new TokenStream(() => cancelled.push(number));
  };
  await expect(answerChat({ ...model, generate }, { ...ask, n: 3 })).rejects.toThrow('no place');
  expect(cancelled).toEqual([0, 1]);
});
