// What a conversation is, and how it changes: pure functions from one to the next. Messages are found by their ids, never
// by their place, so that a change made in one tab fits what another tab has stored meanwhile. Knows no storage.

import { noSettings, type Settings } from './settings.ts';

export interface UserMessage {
  readonly role: 'user';
  readonly id: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * `running`: somebody writes it. `length`: the token limit ended it. `stopped`: the reader did. `cut`: the server was
 * lost in the middle. `failed`: the server refused, or made a mistake.
 */
export type AnswerState = 'running' | 'done' | 'length' | 'stopped' | 'cut' | 'failed';

export interface Answer {
  readonly role: 'assistant';
  readonly id: string;
  /** As the model wrote it: Markdown, perhaps with its thoughts in tags in front. */
  readonly text: string;
  /** Thoughts that came apart from the text. */
  readonly thinking: string;
  readonly at: number;
  readonly state: AnswerState;
  readonly model?: string;
  readonly promptTokens?: number;
  readonly answerTokens?: number;
  readonly firstTokenMs?: number;
  readonly tokensPerSecond?: number;
  readonly problem?: Problem;
}

export interface Problem {
  readonly message: string;
  /** The server's word for the cause, such as `context_length_exceeded`. */
  readonly code?: string;
}

export type Message = UserMessage | Answer;

export interface Conversation {
  readonly id: string;
  /** Empty until somebody gives it a name; see `titleOf`. */
  readonly title: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly settings: Settings;
  readonly messages: readonly Message[];
}

/** What lists show of a conversation. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
}

const LONGEST_TITLE = 80;

export function newConversation(now: number, settings: Settings = noSettings): Conversation {
  return { id: newId(), title: '', createdAt: now, updatedAt: now, settings, messages: [] };
}

export const newQuestion = (text: string, now: number): UserMessage => ({ role: 'user', id: newId(), text, at: now });

export const newAnswer = (now: number): Answer => ({
  role: 'assistant',
  id: newId(),
  text: '',
  thinking: '',
  at: now,
  state: 'running',
});

/** Its name, else how its first message begins. */
export function titleOf({ title, messages }: Conversation): string {
  if (title !== '') return title;
  const words =
    messages
      .find(({ role }) => role === 'user')
      ?.text.trim()
      .replaceAll(/\s+/g, ' ') ?? '';
  if (words === '') return 'New chat';
  const characters = [...words];
  return characters.length <= LONGEST_TITLE
    ? words
    : `${characters
        .slice(0, LONGEST_TITLE - 1)
        .join('')
        .trimEnd()}…`;
}

export const entryOf = (conversation: Conversation): Entry => ({
  id: conversation.id,
  title: titleOf(conversation),
  updatedAt: conversation.updatedAt,
});

export const withTurn = (conversation: Conversation, question: UserMessage, answer: Answer): Conversation =>
  withMessages(conversation, [...conversation.messages, question, answer], answer.at);

/** The answer as it now is. An answer that was taken out meanwhile stays out. */
export const withAnswer = (conversation: Conversation, answer: Answer, now: number): Conversation =>
  conversation.messages.some(({ id }) => id === answer.id)
    ? withMessages(
        conversation,
        conversation.messages.map((message) => (message.id === answer.id ? answer : message)),
        now,
      )
    : conversation;

/** `fresh` instead of the answer and all that followed it. */
export const withRetry = (conversation: Conversation, answerId: string, fresh: Answer): Conversation =>
  withMessages(conversation, [...before(conversation, answerId), fresh], fresh.at);

/** The question in other words, and `fresh` instead of all that followed it. */
export const withEdit = (conversation: Conversation, question: UserMessage, fresh: Answer): Conversation =>
  withMessages(conversation, [...before(conversation, question.id), question, fresh], fresh.at);

/** The messages in front of one; all of them if it is not there. */
export function before({ messages }: Conversation, messageId: string): readonly Message[] {
  const at = messages.findIndex(({ id }) => id === messageId);
  return at < 0 ? messages : messages.slice(0, at);
}

const withMessages = (conversation: Conversation, messages: readonly Message[], now: number): Conversation => ({
  ...conversation,
  messages,
  updatedAt: Math.max(conversation.updatedAt, now),
});

/** 96 random bits. `crypto.randomUUID` is missing on pages that came over plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
