// IndexedDB as promises: opening it, and running a transaction. Knows no conversations beyond the names of the stores.

import { ShoalError } from '../../shared/errors.ts';

export const CONVERSATIONS = 'conversations';
/** What lists show, so that a list needs not read every message. */
export const ENTRIES = 'entries';
export const BY_TIME = 'by-time';

const NAME = 'shoal';
const VERSION = 1;

export class StorageError extends ShoalError {
  override readonly blame = 'runtime';

  constructor(cause: unknown) {
    const isFull = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    super(
      isFull
        ? 'This browser has no space left for conversations; export and delete some'
        : 'This browser does not keep conversations now; export what you need and reload the page',
      { cause },
    );
  }
}

/** Rejects with a StorageError where the browser has no database, or does not let this page have one. */
export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(NAME, VERSION);
    } catch (error) {
      reject(new StorageError(error));
      return;
    }
    request.onupgradeneeded = () => {
      request.result.createObjectStore(CONVERSATIONS, { keyPath: 'id' });
      request.result.createObjectStore(ENTRIES, { keyPath: 'id' }).createIndex(BY_TIME, 'updatedAt');
    };
    request.onsuccess = () => {
      // A newer version of the page, in another tab, wants to change the database.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(new StorageError(request.error));
  });
}

/**
 * Runs `work` in one transaction and resolves, once that is stored, with what `work` gave to `done`. Within it nothing
 * but requests may be waited for, so it is written with callbacks.
 */
export function transact<Result>(
  database: IDBDatabase,
  stores: readonly string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction, done: (result: Result) => void) => void,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    let result: Result | undefined;
    try {
      const transaction = database.transaction([...stores], mode);
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(new StorageError(transaction.error));
      work(transaction, (given) => {
        result = given;
      });
    } catch (error) {
      reject(new StorageError(error));
    }
  });
}
