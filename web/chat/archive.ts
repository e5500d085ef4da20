// All conversations as one JSON text to keep or to carry elsewhere, and back. What comes in is a stranger's file: every
// part is checked, and what is not known is dropped. Knows no files.

import { ShoalError } from '../../shared/errors.ts';
import { type Answer, type AnswerState, type Conversation, type Message, newId, type Problem } from './conversation.ts';
import { readSettings } from './settings.ts';

const FORMAT = 'shoal-conversations';
const VERSION = 1;
const ENDED: readonly AnswerState[] = ['done', 'length', 'stopped', 'cut', 'failed'];

export class NotAnArchiveError extends ShoalError {
  override readonly blame = 'file';

  constructor(cause: string) {
    super(`This file has no conversations to import: ${cause}; choose one that Shoal exported`);
  }
}

export const toArchive = (conversations: readonly Conversation[]): string =>
  JSON.stringify({ format: FORMAT, version: VERSION, conversations }, null, 1);

/** Throws a NotAnArchiveError that names the first thing that is wrong. */
export function fromArchive(text: string): Conversation[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotAnArchiveError('it is not JSON');
  }
  const archive = record(value, 'the file');
  if (archive.format !== FORMAT) throw new NotAnArchiveError(`its "format" is not "${FORMAT}"`);
  if (archive.version !== VERSION) throw new NotAnArchiveError(`it has version ${archive.version}, not ${VERSION}`);
  return list(archive.conversations, 'conversations').map((one, at) => conversation(one, `conversations[${at}]`));
}

function conversation(value: unknown, place: string): Conversation {
  const { id, title, createdAt, updatedAt, settings, messages } = record(value, place);
  return {
    id: identifier(id),
    title: typeof title === 'string' ? title : '',
    createdAt: time(createdAt, `${place}.createdAt`),
    updatedAt: time(updatedAt, `${place}.updatedAt`),
    settings: readSettings(settings),
    messages: list(messages, `${place}.messages`).map((one, at) => message(one, `${place}.messages[${at}]`)),
  };
}

function message(value: unknown, place: string): Message {
  const fields = record(value, place);
  const { role } = fields;
  const shared = {
    id: identifier(fields.id),
    text: string(fields.text, `${place}.text`),
    at: time(fields.at, `${place}.at`),
  };
  if (role === 'user') return { role, ...shared };
  if (role === 'assistant') return answer(fields, shared);
  throw new NotAnArchiveError(`${place}.role is neither "user" nor "assistant"`);
}

function answer(fields: Fields, shared: Pick<Answer, 'id' | 'text' | 'at'>): Answer {
  const state = ENDED.find((known) => known === fields.state) ?? 'cut';
  const numbers = (['promptTokens', 'answerTokens', 'firstTokenMs', 'tokensPerSecond'] as const).flatMap((name) => {
    const number = fields[name];
    return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? [[name, number] as const] : [];
  });
  return {
    role: 'assistant',
    ...shared,
    thinking: typeof fields.thinking === 'string' ? fields.thinking : '',
    state,
    ...(typeof fields.model === 'string' ? { model: fields.model } : {}),
    ...Object.fromEntries(numbers),
    ...problemOf(fields.problem),
  };
}

function problemOf(value: unknown): { problem?: Problem } {
  if (typeof value !== 'object' || value === null) return {};
  const { message, code } = value as Fields;
  if (typeof message !== 'string') return {};
  return { problem: { message, ...(typeof code === 'string' ? { code } : {}) } };
}

type Fields = Record<string, unknown>;

function record(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new NotAnArchiveError(`${place} is not an object`);
}

function list(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new NotAnArchiveError(`${place} is not a list`);
}

function string(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new NotAnArchiveError(`${place} is not a text`);
}

function time(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new NotAnArchiveError(`${place} is not a time`);
}

/** Ids become part of addresses, so only plain ones are kept. */
const identifier = (value: unknown): string =>
  typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : newId();
