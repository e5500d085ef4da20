// Finds conversations by words in their titles and messages, whatever the case and accents. Pure.

import { type Conversation, titleOf } from './conversation.ts';

export interface Finding {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  /** The text around the first word that was found; empty if only the title has it. */
  readonly before: string;
  readonly match: string;
  readonly after: string;
}

const CHARACTERS_BEFORE = 24;
const CHARACTERS_AFTER = 80;

/** All words of the query must occur, each anywhere. undefined: not found. */
export function find(conversation: Conversation, query: string): Finding | undefined {
  const words = folded(query)
    .split(/\s+/)
    .filter((word) => word !== '');
  const title = titleOf(conversation);
  const texts = conversation.messages.map(({ text }) => text);
  const everything = folded([title, ...texts].join('\n'));
  if (words.length === 0 || !words.every((word) => everything.includes(word))) return undefined;
  const base = { id: conversation.id, title, updatedAt: conversation.updatedAt, before: '', match: '', after: '' };
  for (const text of texts) {
    const snippet = snippetOf(text, words[0]!);
    if (snippet) return { ...base, ...snippet };
  }
  return base;
}

function snippetOf(text: string, word: string): Pick<Finding, 'before' | 'match' | 'after'> | undefined {
  const { folded: flat, origin } = foldedWithOrigin(text);
  const at = flat.indexOf(word);
  if (at < 0) return undefined;
  const [from, to] = [origin[at]!, origin[at + word.length] ?? text.length];
  const start = Math.max(0, from - CHARACTERS_BEFORE);
  const end = Math.min(text.length, to + CHARACTERS_AFTER);
  const plain = (part: string): string => part.replaceAll(/\s+/g, ' ');
  return {
    before: (start > 0 ? '…' : '') + plain(text.slice(start, from)),
    match: plain(text.slice(from, to)),
    after: plain(text.slice(to, end)) + (end < text.length ? '…' : ''),
  };
}

const folded = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** Folding may change lengths; `origin[n]` is where the n-th unit of the folded text came from. */
function foldedWithOrigin(text: string): { folded: string; origin: number[] } {
  let flat = '';
  const origin: number[] = [];
  let at = 0;
  for (const character of text) {
    const part = folded(character);
    for (let n = 0; n < part.length; n++) origin.push(at);
    flat += part;
    at += character.length;
  }
  return { folded: flat, origin };
}
