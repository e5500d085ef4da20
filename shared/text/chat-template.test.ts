import { describe, expect, test } from 'vitest';
import { readOriginal } from '../../test/golden/text/originals.ts';
import { smallQwen } from '../../test/golden/text/small-vocabularies.ts';
import { ShoalError } from '../errors.ts';
import type { BuiltInTemplate } from './built-in-templates.ts';
import { type ChatMessage, type ChatTemplate, chooseChatTemplate, createChatTemplate } from './chat-template.ts';

const CONVERSATION: ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi! ' },
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: '안녕?' },
];
const failure = (action: () => unknown): Error => {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('did not fail');
};

describe('real templates', () => {
  const { chat_template: qwenSource } = readOriginal('qwen3', 'tokenizer_config');
  const qwen = createChatTemplate(qwenSource, { bosToken: '', eosToken: '<|im_end|>' });

  test('Llama 3', () => {
    const { chat_template } = readOriginal('llama3', 'tokenizer_config');
    const template = createChatTemplate(chat_template, { bosToken: '<|begin_of_text|>', eosToken: '<|end_of_text|>' });
    expect(template.render(CONVERSATION)).toBe(
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\n안녕?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    );
  });

  test('Qwen 3, with and without a prompt for the answer', () => {
    const turns =
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi! <|im_end|>\n' +
      '<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\n안녕?<|im_end|>\n';
    expect(qwen.render(CONVERSATION, { addGenerationPrompt: false })).toBe(turns);
    expect(qwen.render(CONVERSATION)).toBe(`${turns}<|im_start|>assistant\n`);
    expect(qwen.render(CONVERSATION, { enable_thinking: false })).toBe(
      `${turns}<|im_start|>assistant\n<think>\n\n</think>\n\n`,
    );
  });

  test('Qwen 3 forgets the thoughts of earlier answers', () => {
    const messages = [
      { role: 'user', content: '1+1?' },
      { role: 'assistant', content: '<think>\neasy\n</think>\n\n2' },
      { role: 'user', content: 'Sure?' },
    ];
    expect(qwen.render(messages)).toBe(
      '<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n2<|im_end|>\n' +
        '<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test('Qwen 3 with tools', () => {
    const tool = { type: 'function', function: { name: 'depth', parameters: { type: 'object', properties: {} } } };
    const messages = [
      { role: 'user', content: 'How deep?' },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'depth', arguments: { sea: '동해' } } }] },
      { role: 'tool', content: '1,700 m' },
    ];
    expect(qwen.render(messages, { tools: [tool] })).toBe(
      '<|im_start|>system\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' +
        'You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n' +
        '{"type": "function", "function": {"name": "depth", "parameters": {"type": "object", "properties": {}}}}\n</tools>\n\n' +
        'For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n' +
        '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n' +
        '<|im_start|>user\nHow deep?<|im_end|>\n' +
        '<|im_start|>assistant\n<tool_call>\n{"name": "depth", "arguments": {"sea": "동해"}}\n</tool_call><|im_end|>\n' +
        '<|im_start|>user\n<tool_response>\n1,700 m\n</tool_response><|im_end|>\n<|im_start|>assistant\n',
    );
    expect(qwen.render(messages.slice(0, 1), { tools: [] })).toBe(qwen.render(messages.slice(0, 1)));
  });
});

describe('built-in templates', () => {
  const pieces = [...smallQwen().pieces, new TextEncoder().encode('<s>'), new TextEncoder().encode('</s>')];
  const vocabulary = { ...smallQwen(), pieces, bosId: pieces.length - 2, eosIds: [pieces.length - 1] };
  const builtIn = (name: BuiltInTemplate): ChatTemplate => chooseChatTemplate(vocabulary, name);

  test('llama2, as Meta documents it', () => {
    expect(builtIn('llama2').render(CONVERSATION)).toBe(
      '<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi! [/INST] Hello. </s><s>[INST] 안녕? [/INST]',
    );
  });

  test('llama3 is the template of Llama 3', () => {
    expect(builtIn('llama3').render(CONVERSATION.slice(0, 2))).toBe(
      '<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    expect(builtIn('llama3').render(CONVERSATION.slice(1, 2), { addGenerationPrompt: false })).toMatch(/<\|eot_id\|>$/);
  });

  test('deepSeek3', () => {
    const messages = CONVERSATION.with(2, { role: 'assistant', content: '<think>hm</think>Hello.' });
    expect(builtIn('deepSeek3').render(messages)).toBe(
      '<s>Be brief.<｜User｜>Hi! <｜Assistant｜>Hello.</s><｜User｜>안녕?<｜Assistant｜><think>\n',
    );
  });

  test('chatml', () => {
    expect(builtIn('chatml').render(CONVERSATION.slice(0, 2))).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi! <|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test('the name goes before the file’s own, which goes before none', () => {
    const own = { ...vocabulary, chatTemplate: '{{ messages[0].content }}{{ eos_token }}' };
    expect(chooseChatTemplate(own).render(CONVERSATION)).toBe('Be brief.</s>');
    expect(chooseChatTemplate(own, 'chatml').render(CONVERSATION)).toContain('<|im_start|>');
  });
});

describe('failures name their cause and the remedy in one line', () => {
  const tokens = { bosToken: '', eosToken: '' };
  const cases: [string, () => unknown, RegExp][] = [
    [
      'ChatTemplateSyntaxError',
      () => createChatTemplate('{% for m in messages %}{{ m', tokens),
      /Cannot read .+; choose .+--chat-template/,
    ],
    ['ChatTemplateSyntaxError', () => createChatTemplate("{{ 'a }}", tokens), /Cannot read/],
    [
      'ChatTemplateRenderError',
      () => createChatTemplate("{{ raise_exception('Roles must alternate.') }}", tokens).render(CONVERSATION),
      /does not accept these messages: Roles must alternate; change/,
    ],
    [
      'ChatTemplateRenderError',
      () => createChatTemplate('{{ messages[9].content + 1 }}', tokens).render([]),
      /does not accept/,
    ],
    [
      'UnknownChatTemplateError',
      () => chooseChatTemplate(smallQwen(), 'toString'),
      /"toString"; choose one of llama2, llama3, deepSeek3, chatml/,
    ],
    ['NoChatTemplateError', () => chooseChatTemplate(smallQwen()), /no chat template; choose/],
  ];
  test.each(cases)('%s', (name, action, message) => {
    const error = failure(action);
    expect(error).toBeInstanceOf(ShoalError);
    expect(error.name).toBe(name);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });
});
