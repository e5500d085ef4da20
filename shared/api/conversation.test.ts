import { expect, test } from 'vitest';
import { tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import { createChatTemplate } from '../text/chat-template.ts';
import { createTokenizer } from '../text/tokenizer.ts';
import { Conversation } from './conversation.ts';

const tokenizer = createTokenizer(tinyVocabulary(300));
const template = createChatTemplate(
  '{% for message in messages %}{{ message.role[0] }}:{{ message.content }}.{% endfor %}',
  { bosToken: '', eosToken: '' },
);
const conversation = (seqLen: number, system?: string) => new Conversation(tokenizer, template, seqLen, system);
const text = (prompt: readonly number[]): string => tokenizer.decode(prompt);

test('a prompt has the whole conversation', () => {
  const chat = conversation(200, 'be brief');
  expect(text(chat.ask('one').prompt)).toBe('s:be brief.u:one.');
  chat.answered('1');
  expect(text(chat.ask('two').prompt)).toBe('s:be brief.u:one.a:1.u:two.');
});

test('templates that leave system messages out are told', () => {
  expect(conversation(200).ignoresSystem()).toBe(false);
  const deaf = createChatTemplate(
    "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
    {
      bosToken: '',
      eosToken: '',
    },
  );
  expect(new Conversation(tokenizer, deaf, 200).ignoresSystem()).toBe(true);
});

test('the oldest turns are forgotten when an answer lacks room', () => {
  const chat = conversation(80, 's'); // a quarter of it is kept for the answer
  const question = 'q'.repeat(20);
  for (let i = 0; i < 2; i++) {
    expect(chat.ask(`${i}${question}`).forgotten).toBe(0);
    chat.answered('a');
  }
  const { prompt, forgotten } = chat.ask(`2${question}`);
  expect(forgotten).toBe(1);
  expect(text(prompt)).toBe(`s:s.u:1${question}.a:a.u:2${question}.`);
});

test('a question that is too long alone changes nothing', () => {
  const chat = conversation(60);
  chat.ask('one');
  chat.answered('1');
  expect(() => chat.ask('x'.repeat(60))).toThrow(/The prompt has \d+ tokens but the context holds 60/);
  chat.answered('');
  expect(text(chat.ask('two').prompt)).toBe('u:one.a:1.u:two.');
});

test('a question without an answer is not remembered, and reset forgets all but the system message', () => {
  const chat = conversation(200);
  chat.ask('one');
  chat.answered('');
  expect(text(chat.ask('two').prompt)).toBe('u:two.');
  chat.answered('2');
  chat.setSystem('s');
  chat.reset();
  expect(text(chat.ask('three').prompt)).toBe('s:s.u:three.');
});
