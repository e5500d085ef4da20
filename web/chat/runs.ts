// The answers that this tab is writing, at most one in a conversation. Keeps other tabs from taking them for abandoned.
// Knows neither the page nor which conversation is open.

import type { HealthWatch } from '../server/health-watch.ts';
import type { Server } from '../server/server.ts';
import type { ConversationStore } from '../storage/conversation-store.ts';
import type { Tabs } from '../storage/tabs.ts';
import { type Progress, writeAnswer } from './answering.ts';
import { type Answer, type Conversation, withAnswer } from './conversation.ts';
import { requestFor } from './request.ts';
import { sleep } from './sleep.ts';

export interface Run {
  readonly answer: Answer;
  readonly progress: Progress;
}

interface OpenRun {
  readonly abort: AbortController;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  answer: Answer;
  progress: Progress;
}

interface Needs {
  readonly store: ConversationStore;
  readonly server: Server;
  readonly watch: HealthWatch;
  readonly tabs: Tabs;
  readonly model: () => string;
  readonly askKey: (signal: AbortSignal) => Promise<boolean>;
  /** Something is to be drawn anew. */
  readonly changed: () => void;
  readonly saved: (stored: Conversation) => void;
}

export class Runs {
  private readonly needs: Needs;
  /** By the conversation's id. */
  private readonly open = new Map<string, OpenRun>();

  constructor(needs: Needs) {
    this.needs = needs;
  }

  has(conversationId: string): boolean {
    return this.open.has(conversationId);
  }

  get(conversationId: string): Run | undefined {
    return this.open.get(conversationId);
  }

  all(): { readonly id: string; readonly answer: Answer }[] {
    return Array.from(this.open, ([id, { answer }]) => ({ id, answer }));
  }

  /**
   * Writes an answer. `prepare` puts it into the conversation, and gives that back; if there is none any more, nothing is
   * written. Resolves with the answer as it ended.
   */
  async write(
    conversationId: string,
    answer: Answer,
    prepare: () => Promise<Conversation | undefined>,
  ): Promise<Answer | undefined> {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const run: OpenRun = { abort: new AbortController(), over, answer, progress: { kind: 'asking' } };
    const release = this.needs.tabs.claim(answer.id);
    this.open.set(conversationId, run);
    try {
      const conversation = await prepare();
      return conversation && (await this.ask(conversation, run));
    } finally {
      this.open.delete(conversationId);
      release();
      end();
      this.needs.changed();
    }
  }

  /** Resolves when the answer has ended, if one was being written. */
  async stop(conversationId: string): Promise<void> {
    const run = this.open.get(conversationId);
    run?.abort.abort();
    await run?.over;
  }

  private ask(conversation: Conversation, run: OpenRun): Promise<Answer> {
    const { store, server, watch, tabs, model, askKey, changed, saved } = this.needs;
    if (watch.health.kind !== 'ready') void watch.check();
    return writeAnswer(run.answer, run.abort.signal, {
      ask: (signal) => server.chat(requestFor(conversation, run.answer.id, model()), signal),
      untilReady: (signal) => watch.untilReady(signal),
      lookAfter: async () => {
        await watch.check();
        return watch.health.kind === 'ready';
      },
      askKey,
      save: async (answer) => {
        const stored = await store.update(conversation.id, (before) => withAnswer(before, answer, Date.now()));
        if (stored) saved(stored);
        tabs.changed(conversation.id);
      },
      show: (answer, progress) => {
        run.answer = answer;
        run.progress = progress;
        changed();
      },
      now: () => performance.now(),
      sleep,
    });
  }
}
