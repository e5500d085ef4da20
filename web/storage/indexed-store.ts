// Conversations in IndexedDB, one record each. A change reads and writes in one transaction, and the browser lets no
// other tab in between.

import { type Conversation, type Entry, entryOf } from '../chat/conversation.ts';
import { type Finding, find } from '../chat/search.ts';
import { type ConversationStore, newestFirst } from './conversation-store.ts';
import { BY_TIME, CONVERSATIONS, ENTRIES, openDatabase, transact } from './database.ts';

const BOTH = [CONVERSATIONS, ENTRIES];

/** Rejects with a StorageError where the browser keeps nothing. */
export async function openIndexedStore(): Promise<ConversationStore> {
  const database = await openDatabase();
  return {
    async list() {
      const entries = await transact<Entry[]>(database, [ENTRIES], 'readonly', (transaction, done) => {
        const request = transaction.objectStore(ENTRIES).index(BY_TIME).getAll();
        request.onsuccess = () => done(request.result);
      });
      return entries!.reverse();
    },

    get: (id) =>
      transact<Conversation>(database, [CONVERSATIONS], 'readonly', (transaction, done) => {
        const request = transaction.objectStore(CONVERSATIONS).get(id);
        request.onsuccess = () => done(request.result);
      }),

    async put(conversations) {
      await transact(database, BOTH, 'readwrite', (transaction) => {
        for (const one of conversations) write(transaction, one);
      });
    },

    update: (id, change) =>
      transact<Conversation>(database, BOTH, 'readwrite', (transaction, done) => {
        const request = transaction.objectStore(CONVERSATIONS).get(id);
        request.onsuccess = () => {
          if (request.result === undefined) return;
          const after = change(request.result);
          write(transaction, after);
          done(after);
        };
      }),

    async remove(id) {
      await transact(database, BOTH, 'readwrite', (transaction) => {
        for (const name of BOTH) transaction.objectStore(name).delete(id);
      });
    },

    async all() {
      const found = await transact<Conversation[]>(database, [CONVERSATIONS], 'readonly', (transaction, done) => {
        const request = transaction.objectStore(CONVERSATIONS).getAll();
        request.onsuccess = () => done(request.result);
      });
      return found!.sort(newestFirst);
    },

    search: (query, limit, signal) => search(database, query, limit, signal),
  };
}

function write(transaction: IDBTransaction, conversation: Conversation): void {
  transaction.objectStore(CONVERSATIONS).put(conversation);
  transaction.objectStore(ENTRIES).put(entryOf(conversation));
}

/** From the newest on, one conversation at a time, so that the page stays quick and memory small. */
async function search(database: IDBDatabase, query: string, limit: number, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  await transact(database, BOTH, 'readonly', (transaction) => {
    const cursor = transaction.objectStore(ENTRIES).index(BY_TIME).openKeyCursor(null, 'prev');
    cursor.onsuccess = () => {
      const at = cursor.result;
      if (!at || signal.aborted || findings.length >= limit) return;
      const request = transaction.objectStore(CONVERSATIONS).get(at.primaryKey);
      request.onsuccess = () => {
        const found = request.result && find(request.result, query);
        if (found) findings.push(found);
        at.continue();
      };
    };
  });
  signal.throwIfAborted();
  return findings;
}
