// Markdown as a model writes it to HTML, block by block, so that a block that is done can be left alone while the next is
// still being written. What is HTML in the text stays text, and pictures become links: nothing is loaded from elsewhere.
// Makes strings only; `components/markdown-view.ts` makes them safe once more and shows them.

import { Marked, type Token, type Tokens, type TokensList } from 'marked';
import { healed } from './markdown-tail.ts';

export interface Block {
  readonly raw: string;
  /** Of a heading, in the page; 0: it is none. */
  readonly level: number;
  readonly html: string;
}

/** The page's own headings take the first two levels. */
const HEADING_SHIFT = 2;
const SAFE_ADDRESS = /^(?:https?:|mailto:)/i;

const marked = new Marked({ gfm: true, async: false });

marked.use({
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => linkTo(href, escaped(text === '' ? href : text)),
    link({ href, tokens }) {
      return linkTo(href, this.parser.parseInline(tokens));
    },
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + HEADING_SHIFT);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    listitem: function ({ tokens, task }) {
      return `<li${task ? ' class="task"' : ''}>${this.parser.parse(tokens)}</li>`;
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    code: ({ text, lang }) => codeBlock(text, lang?.match(/^[\w+#.-]+/)?.[0] ?? ''),
    table(token) {
      const rows = [token.header, ...token.rows].map((cells) => cells.map((cell) => this.tablecell(cell)).join(''));
      const [head, ...body] = rows.map((row) => `<tr>${row}</tr>`);
      return `<div class="table" tabindex="0" role="region" aria-label="Table"><table><thead>${head}</thead><tbody>${body.join('')}</tbody></table></div>`;
    },
  },
});

/**
 * The blocks of a text. Those of `earlier` that are the same are taken as they are. `isWhole`: no more text will come, so
 * an open mark at the end is just a character.
 */
export function blocksOf(text: string, isWhole: boolean, earlier: readonly Block[] = []): Block[] {
  try {
    return parsed(isWhole ? text : healed(text), earlier);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Nested deeper than the stack goes, as by a model that repeats itself.
    return [{ raw: text, level: 0, html: `<p>${escaped(text)}</p>` }];
  }
}

function parsed(text: string, earlier: readonly Block[]): Block[] {
  const tokens = marked.lexer(text);
  const hasReferences = Object.keys(tokens.links).length > 0;
  const shown = tokens.filter(({ type }) => type !== 'space' && type !== 'def');
  let above = HEADING_SHIFT;
  return shown.map((token, at) => {
    let level = 0;
    if (token.type === 'heading') {
      // Models leave levels out, which those who hear the page could not follow.
      level = Math.min(6, token.depth + HEADING_SHIFT, above + 1);
      token.depth = level - HEADING_SHIFT;
      above = level;
    }
    const known = earlier[at];
    const isSame = known?.raw === token.raw && known.level === level && !hasReferences;
    return isSame ? known : { raw: token.raw, level, html: rendered(token, tokens) };
  });
}

function rendered(token: Token, { links }: TokensList): string {
  const one: TokensList = Object.assign([token], { links });
  return marked.parser(one);
}

function linkTo(href: Tokens.Link['href'], content: string): string {
  if (!SAFE_ADDRESS.test(href)) return content;
  return `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">${content}</a>`;
}

const codeBlock = (text: string, language: string): string =>
  `<div class="code"><div class="code-head"><span>${escaped(language === '' ? 'text' : language)}</span>` +
  `<button type="button" class="copy">Copy</button></div>` +
  `<pre tabindex="0"><code>${escaped(text)}</code></pre></div>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
