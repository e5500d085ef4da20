import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerPart, ToolCallReader } from './tool-call-reader.ts';
import { toolNotationOf } from './tool-notation.ts';

const tagged = toolNotationOf('{{ tools }} <tool_call>');
const bare = toolNotationOf('{{ tools }} "parameters"');
const listed = toolNotationOf('{{ tools }} [TOOL_CALLS]');

/** The same whatever the pieces: texts and arguments joined. */
function read(pieces: readonly string[], notation = tagged, names = ['weather']): (string | [string, string])[] {
  const reader = new ToolCallReader(notation, names);
  const parts: AnswerPart[] = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.flush()];
  const seen: (string | [string, string])[] = [];
  for (const part of parts) {
    const last = seen.at(-1);
    if (part.type === 'call') seen.push([part.name, '']);
    else if (part.type === 'arguments') (last as [string, string])[1] += part.text;
    else if (typeof last === 'string') seen[seen.length - 1] = last + part.text;
    else seen.push(part.text);
  }
  return seen;
}

const args = '{"city": "Paris }] \\" <tool_call>", "days": [1, {"a": 2}]}';

describe('calls in tags', () => {
  test('one, two, and with text before', () => {
    const call = `<tool_call>\n{"name": "weather", "arguments": ${args}}\n</tool_call>`;
    expect(read([call])).toEqual([['weather', args]]);
    expect(read([`I look.\n${call}\n${call}`])).toEqual(['I look.\n', ['weather', args], ['weather', args]]);
  });

  test('arguments first, or in quotes', () => {
    expect(read([`<tool_call>{"arguments": {"a": 1}, "name": "f"}</tool_call>`])).toEqual([['f', '{"a":1}']]);
    expect(read([`<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>`])).toEqual([['f', '{"a": 1}']]);
    expect(read([`<tool_call>{"name": "f"}</tool_call>`])).toEqual([['f', '{}']]);
  });

  test('what is no call stays text', () => {
    for (const text of [
      '<tool_call>hello</tool_call>',
      '<tool_call>{"nam',
      '<tool_ca',
      'a < b',
      '<tool_call>{"x": 1}</tool_call>',
    ]) {
      expect(read([text])).toEqual([text]);
    }
  });

  test('arguments that break off are given as far as they came', () => {
    expect(read(['<tool_call>{"name": "f", "arguments": {"a": "Par'])).toEqual([['f', '{"a": "Par']]);
  });
});

test('the whole answer is a call, but only of a tool there is', () => {
  expect(read([`{"name": "weather", "parameters": ${args}}`], bare)).toEqual([['weather', args]]);
  const two = `{"name": "weather", "parameters": {}}; {"name": "weather", "parameters": {"a": 1}}`;
  expect(read([two], bare)).toEqual([
    ['weather', '{}'],
    ['weather', '{"a": 1}'],
  ]);
  for (const text of [
    '{"name": "Bob", "parameters": {}}',
    'No. {"name": "weather", "parameters": {}}',
    '{"name": 3}',
  ]) {
    expect(read([text], bare)).toEqual([text]);
  }
});

test('calls in an array', () => {
  const text = `[TOOL_CALLS] [{"name": "weather", "arguments": ${args}}, {"name": "time", "arguments": {}}]`;
  expect(read([text], listed)).toEqual([
    ['weather', args],
    ['time', '{}'],
  ]);
});

test('it is the same in whatever pieces it comes', () => {
  const fragments = [
    '<tool_call>',
    '</tool_call>',
    '{"name": "weather", ',
    `"arguments": ${args}`,
    '}',
    '\n',
    'so <',
    '[',
    ';',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fragments), { maxLength: 12 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(tagged, bare, listed),
      (chosen, cuts, notation) => {
        const text = chosen.join('');
        const pieces: string[] = [];
        for (let at = 0, i = 0; at < text.length; i++) {
          const length = 1 + cuts[i % cuts.length]!;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        expect(read(pieces, notation)).toEqual(read([text], notation));
      },
    ),
  );
});
