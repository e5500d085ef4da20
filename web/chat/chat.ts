// What the page does, without how it looks: the open conversation, the list of all, and the answers being written. Tells
// by a 'change' event that something is to be drawn anew. What it stands on is handed to it by `main.ts`.

import type { Health } from '../server/health.ts';
import type { HealthWatch } from '../server/health-watch.ts';
import type { Server } from '../server/server.ts';
import type { ConversationStore } from '../storage/conversation-store.ts';
import type { Preferences } from '../storage/preferences.ts';
import type { Tabs } from '../storage/tabs.ts';
import type { Progress } from './answering.ts';
import { fromArchive, toArchive } from './archive.ts';
import {
  type Answer,
  type Conversation,
  type Entry,
  newAnswer,
  newConversation,
  newQuestion,
  withAnswer,
  withEdit,
  withRetry,
  withTurn,
} from './conversation.ts';
import { KeyQuestion } from './key-question.ts';
import { Runs } from './runs.ts';
import type { Finding } from './search.ts';
import type { Settings } from './settings.ts';

export interface Parts {
  readonly store: ConversationStore;
  readonly server: Server;
  readonly watch: HealthWatch;
  readonly tabs: Tabs;
  readonly preferences: Preferences;
  /** Calls back when something may be drawn, at most once a frame. */
  readonly nextFrame: (draw: () => void) => void;
}

/** Something the reader should hear of, perhaps with a way to take it back. */
export interface Notice {
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const MOST_FINDINGS = 50;
/** How long until an answer that another tab writes is looked after again. */
const LOOK_AGAIN_MS = 4000;

export class Chat extends EventTarget {
  entries: readonly Entry[] = [];
  current: Conversation;
  /** Whether `current` is in the store: a new chat is not before its first message. */
  isStored = false;
  notice: Notice | undefined;
  /** The last answer that this tab finished, for screen readers. */
  finished: Answer | undefined;

  readonly preferences: Preferences;
  readonly server: Server;
  private readonly store: ConversationStore;
  private readonly watch: HealthWatch;
  private readonly tabs: Tabs;
  private readonly nextFrame: Parts['nextFrame'];
  private readonly runs: Runs;
  private readonly keys: KeyQuestion;
  private isDrawing = false;

  constructor({ store, server, watch, tabs, preferences, nextFrame }: Parts) {
    super();
    this.store = store;
    this.server = server;
    this.watch = watch;
    this.tabs = tabs;
    this.preferences = preferences;
    this.nextFrame = nextFrame;
    this.keys = new KeyQuestion(preferences, () => this.changed());
    this.runs = new Runs({
      ...{ store, server, watch, tabs },
      model: () => this.model,
      askKey: (signal) => this.keys.ask(signal),
      changed: () => this.changed(),
      saved: (stored) => {
        if (stored.id === this.current.id) this.current = stored;
      },
    });
    this.current = newConversation(Date.now(), preferences.defaults);
    tabs.onChanged((id) => void this.reload(id));
    watch.addEventListener('change', () => {
      preferences.model = this.model;
      this.changed();
    });
  }

  get health(): Health {
    return this.watch.health;
  }

  /** The server's model, or the one that it had last; empty: it never said. */
  get model(): string {
    const { health } = this;
    return 'model' in health ? health.model : this.preferences.model;
  }

  /** Set while the server wants a key: to be called with the reader's answer, undefined for none. */
  get keyWanted(): KeyQuestion['answer'] {
    return this.keys.answer;
  }

  checkHealth(): void {
    void this.watch.check();
  }

  isRunning(conversationId: string): boolean {
    return this.runs.has(conversationId);
  }

  /** What the answer being written here is doing; undefined: it is not written in this tab. */
  progressOf(answerId: string): Progress | undefined {
    const run = this.runs.get(this.current.id);
    return run?.answer.id === answerId ? run.progress : undefined;
  }

  /** The open conversation, with the newest of the answer that is being written. */
  get shown(): Conversation {
    const run = this.runs.get(this.current.id);
    return run ? withAnswer(this.current, run.answer, this.current.updatedAt) : this.current;
  }

  async refreshList(): Promise<void> {
    this.entries = await this.store.list();
    this.changed();
  }

  /** The page is being left, and no database is quick enough for the last words of the answers. */
  leave(): void {
    const unsaved = this.runs.all();
    this.preferences.unsaved = unsaved.length === 0 ? '' : JSON.stringify(unsaved);
  }

  /** Saves what the page before this one in the same tab could not. */
  async arrive(): Promise<void> {
    const { unsaved } = this.preferences;
    this.preferences.unsaved = '';
    for (const { id, answer } of unsaved === '' ? [] : (JSON.parse(unsaved) as { id: string; answer: Answer }[])) {
      await this.change(id, (stored) => withAnswer(stored, { ...answer, state: 'cut' }, stored.updatedAt));
    }
    await this.refreshList();
  }

  /** Opens a stored conversation; a new chat if there is none of that id. */
  async open(id: string): Promise<void> {
    const found = await this.store.get(id);
    if (!found) return this.startNew();
    this.current = found;
    this.isStored = true;
    this.changed();
    void this.lookAfterOrphans(id);
  }

  startNew(): void {
    if (!this.isStored && this.current.messages.length === 0) return;
    this.current = newConversation(Date.now(), this.preferences.defaults);
    this.isStored = false;
    // At once: what is typed before the next frame belongs to the new chat.
    this.dispatchEvent(new Event('change'));
  }

  async send(text: string): Promise<void> {
    if (this.isRunning(this.current.id) || text.trim() === '') return;
    const now = Date.now();
    const answer = newAnswer(now);
    await this.startAnswer(answer, (stored) => withTurn(stored, newQuestion(text, now), answer));
  }

  async regenerate(answerId: string): Promise<void> {
    if (this.isRunning(this.current.id)) return;
    const answer = newAnswer(Date.now());
    await this.startAnswer(answer, (stored) => withRetry(stored, answerId, answer));
  }

  async resend(questionId: string, text: string): Promise<void> {
    if (text.trim() === '') return;
    await this.stop();
    const now = Date.now();
    const answer = newAnswer(now);
    const question = { ...newQuestion(text, now), id: questionId };
    await this.startAnswer(answer, (stored) => withEdit(stored, question, answer));
  }

  /** Ends the answer that is being written in the open conversation. */
  stop(): Promise<void> {
    return this.runs.stop(this.current.id);
  }

  async setSettings(settings: Settings): Promise<void> {
    await this.change(this.current.id, (stored) => ({ ...stored, settings }));
  }

  async rename(id: string, title: string): Promise<void> {
    await this.change(id, (stored) => ({ ...stored, title: title.trim() }));
  }

  /** Removes a conversation, and offers to bring it back. */
  async remove(id: string): Promise<void> {
    await this.runs.stop(id);
    const removed = await this.store.get(id);
    if (!removed) return;
    await this.store.remove(id);
    this.tabs.changed(id);
    const wasOpen = this.current.id === id;
    if (wasOpen) this.startNew();
    const restore = async (): Promise<void> => {
      this.say(undefined);
      await this.store.put([removed]);
      this.tabs.changed(id);
      await this.refreshList();
      if (wasOpen) await this.open(id);
    };
    this.say({ text: 'Chat deleted', action: { label: 'Undo', run: () => void this.guarded(restore) } });
    await this.refreshList();
  }

  search(query: string, signal: AbortSignal): Promise<Finding[]> {
    return this.store.search(query, MOST_FINDINGS, signal);
  }

  async exported(): Promise<string> {
    return toArchive(await this.store.all());
  }

  /** Throws a NotAnArchiveError. A conversation that is there already is replaced if the file's is newer. */
  async importFrom(text: string): Promise<void> {
    const found = fromArchive(text);
    const known = new Map(this.entries.map((entry) => [entry.id, entry.updatedAt]));
    const newer = found.filter(({ id, updatedAt }) => updatedAt > (known.get(id) ?? -1) && !this.isRunning(id));
    await this.store.put(newer);
    for (const { id } of newer) this.tabs.changed(id);
    this.say({ text: `${newer.length} of ${found.length} chats imported` });
    await this.refreshList();
    if (newer.some(({ id }) => id === this.current.id)) await this.open(this.current.id);
  }

  say(notice: Notice | undefined): void {
    this.notice = notice;
    this.changed();
  }

  /** Runs something that a reader asked for, and says so if it fails. */
  async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.say({ text: error instanceof Error ? error.message : String(error) });
    }
  }

  private async startAnswer(answer: Answer, change: (stored: Conversation) => Conversation): Promise<void> {
    const { id } = this.current;
    const written = await this.runs.write(id, answer, () => this.change(id, change, true));
    if (!written) return;
    if (written.state === 'cut') this.checkHealth();
    if (this.current.id === id) {
      this.current = withAnswer(this.current, written, this.current.updatedAt);
      this.finished = written;
    }
    await this.refreshList();
  }

  /** Changes a conversation in the store; the open one is stored if it was not and `mayStore`. */
  private async change(
    id: string,
    change: (stored: Conversation) => Conversation,
    mayStore = false,
  ): Promise<Conversation | undefined> {
    let changed: Conversation | undefined;
    if (id === this.current.id && !this.isStored) {
      changed = change(this.current);
      this.current = changed;
      if (mayStore) {
        this.isStored = true;
        await this.store.put([changed]);
      }
    } else {
      changed = await this.store.update(id, change);
      if (changed && id === this.current.id) this.current = changed;
    }
    this.tabs.changed(id);
    await this.refreshList();
    return changed;
  }

  private async reload(id: string): Promise<void> {
    if (id === this.current.id && this.isStored) {
      const stored = await this.store.get(id);
      if (stored && this.current.id === id) this.current = stored;
      else if (!stored && !this.isRunning(id)) this.startNew();
    }
    await this.refreshList();
  }

  /** Answers that nobody writes any more, because their tab was closed or reloaded, are marked as cut off. */
  private async lookAfterOrphans(id: string): Promise<void> {
    const own = this.runs.get(id)?.answer.id;
    const open = this.current.messages.filter(
      (message) => message.role === 'assistant' && message.state === 'running' && message.id !== own,
    );
    for (const answer of open as Answer[]) {
      if (await this.tabs.isClaimedElsewhere(answer.id)) {
        setTimeout(() => this.current.id === id && void this.lookAfterOrphans(id), LOOK_AGAIN_MS);
      } else {
        await this.change(id, (stored) => withAnswer(stored, cutOff(stored, answer), stored.updatedAt));
      }
    }
  }

  private changed(): void {
    if (this.isDrawing) return;
    this.isDrawing = true;
    this.nextFrame(() => {
      this.isDrawing = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}

/** Of what is stored, which may be more than what was seen. */
function cutOff(stored: Conversation, seen: Answer): Answer {
  const found = stored.messages.find(
    (message): message is Answer => message.role === 'assistant' && message.id === seen.id,
  );
  const answer = found ?? seen;
  return answer.state === 'running' ? { ...answer, state: 'cut' } : answer;
}
