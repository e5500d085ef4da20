import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blocksOf } from './markdown.ts';

const html = (text: string): string =>
  blocksOf(text, true)
    .map((block) => block.html)
    .join('');

test('HTML in a text is text', () => {
  const shown = html('<img src=x onerror=alert(1)>\n\n<script>alert(1)</script> and <b>b</b>');
  expect(shown).not.toMatch(/<(?:img|script|b)\b/);
  expect(shown).toContain('&lt;img src=x onerror=alert(1)&gt;');
});

test('pictures are links, and links only lead to the web', () => {
  expect(html('![a <fish>](https://x.org/f.png)')).toContain(
    '<a href="https://x.org/f.png" target="_blank" rel="noopener noreferrer">a &lt;fish&gt;</a>',
  );
  expect(html('[x](javascript:alert(1)) [y](data:text/html,z) [z](/local)')).not.toContain('<a');
  expect(html('[*x*](https://x.org/?a=1&b="2")')).toContain('"><em>x</em></a>');
});

test('no text makes an element or an attribute that is not ours', () => {
  const known =
    /^<\/?(?:p|br|strong|em|del|code|pre|blockquote|ul|ol|li|a|h[3-6]|hr|table|thead|tbody|tr|th|td|div|span|button)(?: (?:href|target|rel|class|start|align|type|tabindex|role|aria-label)="[^"<>]*")*>$/;
  const piece = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '`',
    '[',
    ']',
    '(',
    ')',
    '!',
    '*',
    '\n',
    '    ',
    'javascript:',
    'https://x',
    '|',
    '- ',
    '# ',
    'on=',
    'a',
    '&',
    '&lt;',
    ':',
    '~~~',
    '\\',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, isWhole) => {
      const shown = blocksOf(pieces.join(''), isWhole)
        .map((block) => block.html)
        .join('');
      for (const [tag] of shown.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(known);
    }),
    { numRuns: 2000 },
  );
});

test('a block of code has its language and a button', () => {
  const shown = html('```ts twoslash\nif (a < b) {}\n```');
  expect(shown).toContain('<span>ts</span><button type="button" class="copy">Copy</button>');
  expect(shown).toContain('<code>if (a &lt; b) {}</code>');
  expect(html('```"><b>\nx\n```')).toContain('<span>text</span>');
});

test('headings stand below those of the page', () => {
  expect(html('# One\n\n## Two\n\n### Three\n\n#### Four\n\n##### Five')).toBe(
    '<h3>One</h3><h4>Two</h4><h5>Three</h5><h6>Four</h6><h6>Five</h6>',
  );
});

test('no level is left out, whatever the model does', () => {
  expect(html('### Three\n\n###### Six\n\n# One')).toBe('<h3>Three</h3><h4>Six</h4><h3>One</h3>');
});

test('tables can be scrolled by keyboard, and keep their columns’ sides', () => {
  const shown = html('| a | b |\n| - | -: |\n| 1 | 2 |');
  expect(shown).toMatch(
    /^<div class="table" tabindex="0" role="region" aria-label="Table"><table><thead><tr><th>a<\/th>/,
  );
  expect(shown).toContain('<td align="right">2</td>');
});

test('tasks show their boxes', () => {
  const shown = html('- [x] done\n- [ ] open');
  expect(shown).toContain('<li class="task">☑ done');
  expect(shown).toContain('<li class="task">☐ open');
});

test('blocks that are done stay the very same while the text grows', () => {
  const text = 'One *two*.\n\n- three\n- four\n\n```js\nfive();\n```\n\nSix.';
  let blocks = blocksOf('', false);
  const first = new Set<unknown>();
  for (let length = 1; length <= text.length; length++) {
    blocks = blocksOf(text.slice(0, length), false, blocks);
    if (length > 14) first.add(blocks[0]);
  }
  expect(first.size).toBe(1);
  expect(blocksOf(text, true, blocks)).toEqual(blocksOf(text, true));
  expect(blocks).toHaveLength(4);
});

test('an address that is given below changes what is above', () => {
  const early = blocksOf('[x]\n\nmore', false);
  const late = blocksOf('[x]\n\nmore\n\n[x]: https://x.org', true, early);
  expect(late[0]!.html).toContain('href="https://x.org"');
});

test('what is nested too deeply is shown as it is', () => {
  expect(html('>'.repeat(20_000))).toBe(`<p>${'&gt;'.repeat(20_000)}</p>`);
});
