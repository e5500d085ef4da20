// What the tabs of this page tell each other: that a conversation was changed, and who is writing which answer. Works over
// a BroadcastChannel, or anything like one.

export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => unknown) | null;
}

export interface Tabs {
  /** Tells the others that a conversation was changed, added or removed. */
  changed(id: string): void;
  onChanged(listener: (id: string) => void): void;
  /** This tab writes the answer until it calls the result. */
  claim(answerId: string): () => void;
  /** Whether another tab, which is still there, writes the answer. */
  isClaimedElsewhere(answerId: string): Promise<boolean>;
}

/** A tab that writes answers at once, even a hidden one: messages are not slowed down as timers are. */
const PATIENCE_MS = 500;

type TabMessage = { readonly kind: 'changed' | 'who' | 'mine'; readonly id: string };

export function createTabs(channel: Channel): Tabs {
  const claimed = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();
  const listeners: ((id: string) => void)[] = [];
  const say = (kind: TabMessage['kind'], id: string): void => channel.postMessage({ kind, id } satisfies TabMessage);

  channel.onmessage = ({ data }) => {
    const { kind, id } = data as TabMessage;
    if (kind === 'changed') for (const listener of listeners) listener(id);
    else if (kind === 'who' && claimed.has(id)) say('mine', id);
    else if (kind === 'mine') for (const answer of waiting.get(id) ?? []) answer();
  };

  return {
    changed: (id) => say('changed', id),
    onChanged: (listener) => void listeners.push(listener),
    claim(answerId) {
      claimed.add(answerId);
      return () => void claimed.delete(answerId);
    },
    isClaimedElsewhere(answerId) {
      return new Promise((resolve) => {
        const waiters = waiting.get(answerId) ?? new Set();
        waiting.set(answerId, waiters);
        const finish = (isClaimed: boolean): void => {
          clearTimeout(timer);
          waiters.delete(yes);
          if (waiters.size === 0) waiting.delete(answerId);
          resolve(isClaimed);
        };
        const yes = (): void => finish(true);
        const timer = setTimeout(() => finish(false), PATIENCE_MS);
        waiters.add(yes);
        say('who', answerId);
      });
    },
  };
}
