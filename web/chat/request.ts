// What the server is asked for an answer: the messages in front of it and the conversation's settings. Pure.

import { before, type Conversation, type Message } from './conversation.ts';
import { parametersOf } from './settings.ts';
import { withoutThinking } from './thinking.ts';

interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** The body of a request for one answer of a conversation. */
export function requestFor(conversation: Conversation, answerId: string, model: string): Record<string, unknown> {
  const { system } = conversation.settings;
  return {
    model,
    messages: [
      ...(system.trim() === '' ? [] : [{ role: 'system', content: system }]),
      ...joined(before(conversation, answerId)),
    ],
    stream: true,
    stream_options: { include_usage: true },
    ...parametersOf(conversation.settings),
  };
}

/**
 * The models' templates want roles that take turns. An answer without text is left out, and the questions around it
 * become one. Thoughts of earlier answers are not told again.
 */
function joined(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const content = message.role === 'assistant' ? withoutThinking(message.text) : message.text;
    if (message.role === 'assistant' && content.trim() === '') continue;
    const last = turns.at(-1);
    if (last?.role === message.role) turns[turns.length - 1] = { ...last, content: `${last.content}\n\n${content}` };
    else turns.push({ role: message.role, content });
  }
  return turns;
}
