// Which keys mean what on the page. Pure: a key event in, its meaning out.

export type Shortcut = 'search' | 'new' | 'help' | 'escape';

export interface Keys {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** `isTyping`: the key goes into a field, where `?` is a character. */
export function shortcutOf(keys: Keys, isTyping: boolean): Shortcut | undefined {
  const isCommand = keys.ctrlKey || keys.metaKey;
  const key = keys.key.toLowerCase();
  if (keys.isComposing || keys.altKey) return undefined;
  if (isCommand && !keys.shiftKey && key === 'k') return 'search';
  if (isCommand && keys.shiftKey && key === 'o') return 'new';
  if (isCommand) return undefined;
  if (key === 'escape') return 'escape';
  return key === '?' && !isTyping ? 'help' : undefined;
}

/** Enter sends. Not with Shift, and not while it ends a word of an input method, as in Korean or Japanese. */
export const sends = (keys: Pick<Keys, 'key' | 'shiftKey' | 'isComposing'> & { readonly keyCode: number }): boolean =>
  // Safari ends the composition before it tells of the key, which then has this old code.
  keys.key === 'Enter' && !keys.shiftKey && !keys.isComposing && keys.keyCode !== 229;

/** For people: what to press, and what it does. */
export const SHORTCUTS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['Enter'], 'Send'],
  [['Shift', 'Enter'], 'New line'],
  [['Esc'], 'Stop the answer'],
  [['Ctrl', 'K'], 'Search chats'],
  [['Ctrl', 'Shift', 'O'], 'New chat'],
  [['?'], 'This help'],
];
