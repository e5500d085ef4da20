import { expect, test } from 'vitest';
import { eventsOf, readChat, refusal, type StreamEvent } from './chat-stream.ts';
import { CutOffError, RefusedError, StrangeAnswerError } from './server-errors.ts';

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function all(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const line = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (fields: object, reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason: reason }],
});

test('reads thoughts, text, the end and the usage', async () => {
  const events = await all(
    readChat(
      bytes(
        line(delta({ role: 'assistant', content: '' })),
        ': still here\n\n',
        line(delta({ reasoning_content: 'Hm.' })) + line(delta({ content: 'Yes' })),
        line(delta({}, 'length')),
        line({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }),
        'data: [DONE]\n\n',
      ),
    ),
  );
  expect(events).toEqual([
    { type: 'thinking', text: 'Hm.' },
    { type: 'text', text: 'Yes' },
    { type: 'end', reason: 'length' },
    { type: 'usage', promptTokens: 5, answerTokens: 2 },
  ]);
});

test('a character that arrives in two pieces is one', async () => {
  const whole = new TextEncoder().encode(`${line(delta({ content: 'snö🐟' }, 'stop'))}`);
  async function* single(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const byte of whole) yield Uint8Array.of(byte);
  }
  expect(await all(readChat(single()))).toContainEqual({ type: 'text', text: 'snö🐟' });
});

test('bytes that end before the answer does were cut off', async () => {
  await expect(all(readChat(bytes(line(delta({ content: 'Once' })))))).rejects.toThrow(CutOffError);
  await expect(all(readChat(bytes()))).rejects.toThrow(CutOffError);
});

test('an answer that has ended needs no [DONE]', async () => {
  expect(await all(readChat(bytes(line(delta({ content: 'Once' }, 'stop')))))).toHaveLength(2);
});

test('an error in the middle is thrown in the words of the server', async () => {
  const stream = readChat(
    bytes(line(delta({ content: 'Once' })), line({ error: { message: 'Lost; retry', code: 'x' } })),
  );
  await expect(all(stream)).rejects.toMatchObject({ message: 'Lost; retry', code: 'x', status: 0 });
});

test.each(['{"choi', '"text"', 'null'])('%s is no chunk', (data) => {
  expect(() => eventsOf(data)).toThrow(StrangeAnswerError);
});

test('what is missing of an error is made up for', () => {
  const error = refusal('<html>', 500, undefined);
  expect(error).toBeInstanceOf(RefusedError);
  expect(error.message).toBe('The server said 500');
  expect(refusal({ error: { message: 'Full', code: 'queue_full' } }, 429, 3)).toMatchObject({
    message: 'Full',
    code: 'queue_full',
    retryAfterSeconds: 3,
  });
});
