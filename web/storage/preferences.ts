// The small things that this browser remembers: the look, the key, settings for new chats, and what was typed but not sent.
// A browser that keeps nothing forgets them with the page.

import { readSettings, type Settings } from '../chat/settings.ts';

export type Theme = 'system' | 'light' | 'dark';

const THEME = 'shoal.theme';
const KEY = 'shoal.key';
const MODEL = 'shoal.model';
const DEFAULTS = 'shoal.defaults';
const UNSAVED = 'shoal.unsaved';
const DRAFT = 'shoal.draft.';

export interface Preferences {
  theme: Theme;
  /** The API key; empty: none. */
  key: string;
  /** The model that the server had last. */
  model: string;
  /** For new chats. */
  defaults: Settings;
  /** What a page that is being left could not save any more, for the page that comes after it in this tab. */
  unsaved: string;
  draft(conversationId: string): string;
  setDraft(conversationId: string, text: string): void;
}

/** `lasting` outlives the tab, `passing` only a reload. */
export function createPreferences(lasting: Storage | undefined, passing: Storage | undefined): Preferences {
  const keep = (storage: Storage | undefined) => {
    const fallback = new Map<string, string>();
    return {
      read: (name: string): string => fallback.get(name) ?? storage?.getItem(name) ?? '',
      write(name: string, value: string): void {
        fallback.set(name, value);
        try {
          if (value === '') storage?.removeItem(name);
          else storage?.setItem(name, value);
        } catch {
          // It is full; this page goes on with what it has in memory.
        }
      },
    };
  };
  const [long, short] = [keep(lasting), keep(passing)];
  return {
    get theme() {
      const theme = long.read(THEME);
      return theme === 'light' || theme === 'dark' ? theme : 'system';
    },
    set theme(theme) {
      long.write(THEME, theme === 'system' ? '' : theme);
    },
    get key() {
      return long.read(KEY);
    },
    set key(key) {
      long.write(KEY, key);
    },
    get model() {
      return long.read(MODEL);
    },
    set model(model) {
      if (model !== long.read(MODEL)) long.write(MODEL, model);
    },
    get defaults() {
      try {
        return readSettings(JSON.parse(long.read(DEFAULTS) || 'null'));
      } catch {
        return readSettings(undefined);
      }
    },
    set defaults(settings) {
      long.write(DEFAULTS, JSON.stringify(settings));
    },
    get unsaved() {
      return short.read(UNSAVED);
    },
    set unsaved(text) {
      short.write(UNSAVED, text);
    },
    draft: (conversationId) => short.read(DRAFT + conversationId),
    setDraft: (conversationId, text) => short.write(DRAFT + conversationId, text),
  };
}
