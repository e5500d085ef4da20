// The question for the server's key: asked once, however many answers wait for it. Knows no dialog; whoever shows one calls
// `answer`.

import type { Preferences } from '../storage/preferences.ts';

export class KeyQuestion {
  /** Set while a key is wanted; undefined as the key means that there is none. */
  answer: ((key: string | undefined) => void) | undefined;
  private readonly preferences: Preferences;
  private readonly changed: () => void;
  private asked: Promise<boolean> | undefined;

  constructor(preferences: Preferences, changed: () => void) {
    this.preferences = preferences;
    this.changed = changed;
  }

  /** Resolves with whether there is a key now. Who gives up waiting is told no, and the others go on waiting. */
  ask(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.asked ??= this.open();
    void this.asked.then(resolve);
    signal.addEventListener('abort', () => resolve(false));
    return promise;
  }

  private open(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.answer = (key) => {
      this.answer = undefined;
      this.asked = undefined;
      if (key !== undefined) this.preferences.key = key;
      resolve(key !== undefined);
      this.changed();
    };
    this.changed();
    return promise;
  }
}
