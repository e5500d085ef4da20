import { expect, test } from 'vitest';
import { type Answer, newAnswer, newConversation, newQuestion, withTurn } from './conversation.ts';
import { requestFor } from './request.ts';

const answered = (text: string, state: Answer['state'] = 'done'): Answer => ({ ...newAnswer(1), text, state });

test('has the system prompt, the messages in front, and the settings', () => {
  const settings = { system: 'Be kind', stop: [], numbers: { temperature: 0.5 } };
  const answer = newAnswer(2);
  const turns = withTurn(newConversation(0, settings), newQuestion('One?', 1), answered('<think>Hm</think>One.'));
  const body = requestFor(withTurn(turns, newQuestion('Two?', 2), answer), answer.id, 'demo');
  expect(body).toEqual({
    model: 'demo',
    messages: [
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'Two?' },
    ],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0.5,
  });
});

test('what came after the answer is not sent', () => {
  const answer = newAnswer(1);
  const turns = withTurn(newConversation(0), newQuestion('One?', 1), answer);
  const body = requestFor(withTurn(turns, newQuestion('Two?', 2), newAnswer(2)), answer.id, 'demo');
  expect(body.messages).toEqual([{ role: 'user', content: 'One?' }]);
});

test('an answer without text is left out, and roles go on taking turns', () => {
  const answer = newAnswer(2);
  const turns = withTurn(newConversation(0), newQuestion('One?', 1), answered('', 'failed'));
  const body = requestFor(withTurn(turns, newQuestion('Two?', 2), answer), answer.id, 'demo');
  expect(body.messages).toEqual([{ role: 'user', content: 'One?\n\nTwo?' }]);
});
