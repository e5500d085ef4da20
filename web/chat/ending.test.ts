import { expect, test } from 'vitest';
import { type Answer, newAnswer } from './conversation.ts';
import { endingOf } from './ending.ts';

const answer = (more: Partial<Answer>): Answer => ({ ...newAnswer(0), text: 'Once', ...more });
const actions = (ending: ReturnType<typeof endingOf>) => ending?.choices.map(([action]) => action);

test('an answer that ended as it should says nothing', () => {
  expect(endingOf(answer({ state: 'done' }), undefined)).toBeUndefined();
  expect(endingOf(answer({ state: 'running' }), undefined)).toBeUndefined();
});

test('tells its own limit from the model’s', () => {
  expect(endingOf(answer({ state: 'length', answerTokens: 20 }), 20)?.text).toContain('limit of 20 tokens');
  expect(actions(endingOf(answer({ state: 'length', answerTokens: 20 }), 20))).toEqual(['go-on']);
  expect(actions(endingOf(answer({ state: 'length', answerTokens: 19 }), 20))).toEqual(['new']);
  expect(actions(endingOf(answer({ state: 'length', answerTokens: 19 }), undefined))).toEqual(['new']);
});

test('what was cut off can be written anew, and gone on with if there is something', () => {
  expect(actions(endingOf(answer({ state: 'cut' }), undefined))).toEqual(['retry', 'go-on']);
  expect(actions(endingOf(answer({ state: 'cut', text: '' }), undefined))).toEqual(['retry']);
});

test('a chat that is too long says what to do, and what the server said', () => {
  const problem = { message: 'It has 913 tokens', code: 'context_length_exceeded' };
  const ending = endingOf(answer({ state: 'failed', text: '', problem }), undefined);
  expect(ending?.advice).toContain('It has 913 tokens');
  expect(actions(ending)).toEqual(['edit', 'new']);
});

test('other failures are told in the server’s words', () => {
  const ending = endingOf(answer({ state: 'failed', problem: { message: 'Lost; retry' } }), undefined);
  expect(ending).toMatchObject({ text: 'Lost; retry', isBad: true });
  expect(actions(ending)).toEqual(['retry']);
});
