// Where conversations are kept: the port, and what all keepers of it promise. Changes are functions of what is stored, and
// no two of them overlap, not even from two tabs; so none undoes what the other did.

import type { Conversation, Entry } from '../chat/conversation.ts';
import type { Finding } from '../chat/search.ts';

export interface ConversationStore {
  /** All of them, the last changed first. */
  list(): Promise<Entry[]>;
  get(id: string): Promise<Conversation | undefined>;
  /** Stores these as they are, also over others with the same ids. */
  put(conversations: readonly Conversation[]): Promise<void>;
  /** Changes what is stored, if it is, and gives back what is stored then. */
  update(id: string, change: (stored: Conversation) => Conversation): Promise<Conversation | undefined>;
  remove(id: string): Promise<void>;
  all(): Promise<Conversation[]>;
  /** Those in which all words of the query occur, the last changed first, at most `limit`. */
  search(query: string, limit: number, signal: AbortSignal): Promise<Finding[]>;
}

export const newestFirst = (a: { readonly updatedAt: number }, b: { readonly updatedAt: number }): number =>
  b.updatedAt - a.updatedAt;
