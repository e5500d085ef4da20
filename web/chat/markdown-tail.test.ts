import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healed } from './markdown-tail.ts';

test.each([
  ['some **bo', 'some **bo**'],
  ['some **bold*', 'some **bold**'],
  ['some *it', 'some *it*'],
  ['**a *b', '**a *b***'],
  ['~~gone', '~~gone~~'],
  ['call `f(', 'call `f(`'],
  ['see [the page', 'see the page'],
  ['see [the page](https://x', 'see the page'],
  ['see ![the picture](https://x', 'see the picture'],
  ['see **[the page', 'see **the page**'],
])('%j is shown as %j', (text, shown) => {
  expect(healed(text)).toBe(shown);
});

test.each([
  'plain',
  'a **b** c',
  '2 * 3',
  'a * b * c',
  '`*` and `[`',
  'one\n\ntwo',
  '- item\n- next',
  'snake_case_name',
  '[x](https://x)',
])('%j needs nothing', (text) => {
  expect(healed(text)).toBe(text);
});

test.each(['Title\n-', 'Title\n==', 'Text\n1.', 'Text\n``', 'Text\n**', 'Text\n#', 'Text\n- '])(
  'the last line of %j waits',
  (text) => {
    expect(healed(text)).toBe(text.slice(0, text.indexOf('\n')));
  },
);

test('marks in code are code', () => {
  expect(healed('```js\na ** b `')).toBe('```js\na ** b `');
  expect(healed('```js\nx\n``')).toBe('```js\nx');
  expect(healed('```js\nx\n```\nthen **b')).toBe('```js\nx\n```\nthen **b**');
});

test('never takes away more than the last paragraph', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('*', '`', '[', ']', '(', '_', '~', 'a', ' ', '-'), maxLength: 20 }),
      (tail) => {
        expect(healed(`Before.\n\n${tail}`).startsWith('Before.\n')).toBe(true);
      },
    ),
  );
});
