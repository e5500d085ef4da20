// Conversations in memory: for tests, and for browsers that keep nothing. They are gone with the page.

import { type Conversation, entryOf } from '../chat/conversation.ts';
import { find } from '../chat/search.ts';
import { type ConversationStore, newestFirst } from './conversation-store.ts';

export function createMemoryStore(): ConversationStore {
  const stored = new Map<string, Conversation>();
  const sorted = (): Conversation[] => [...stored.values()].sort(newestFirst);
  return {
    list: async () => sorted().map(entryOf),
    get: async (id) => stored.get(id),
    async put(conversations) {
      for (const one of conversations) stored.set(one.id, one);
    },
    async update(id, change) {
      const before = stored.get(id);
      if (!before) return undefined;
      const after = change(before);
      stored.set(id, after);
      return after;
    },
    async remove(id) {
      stored.delete(id);
    },
    all: async () => sorted(),
    search: async (query, limit) =>
      sorted()
        .map((one) => find(one, query))
        .filter((found) => found !== undefined)
        .slice(0, limit),
  };
}
