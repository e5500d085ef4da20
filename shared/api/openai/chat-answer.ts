// `/v1/chat/completions`: from the request's body to the answer, in chunks or whole, as OpenAI's clients expect it.

import type { GeneratedToken } from '../../engine/generation.ts';
import type { TextSummary } from '../text-generation.ts';
import { type ApiAnswer, newId, samplingOf, secondsNow, stopsOf, type Usage, usageOf } from './answer.ts';
import { type Choices, startChoices } from './choices.ts';
import { type ChatLogprob, chatLogprobs } from './logprobs.ts';
import { type ChatPrompt, chatPrompt } from './prompt.ts';
import { type ChatRequest, parseChatRequest } from './requests.ts';
import type { ServedModel } from './served-model.ts';
import { type AnswerPart, ToolCallReader } from './tool-call-reader.ts';

/** Rejects with whatever is wrong with the request, or with the engine's refusal. */
export async function answerChat(model: ServedModel, body: unknown): Promise<ApiAnswer> {
  const request = parseChatRequest(body);
  const prompt = chatPrompt(model, request);
  const count = request.n ?? 1;
  const choices = await startChoices(
    model,
    Array.from({ length: count }, (_, choice) => ({
      prompt: prompt.ids,
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? model.seqLen,
      stopIds: model.tokenizer.eosIds,
      sampling: samplingOf(model, request, choice),
      logprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
      format: prompt.format,
      stop: stopsOf(request),
      continues: false,
    })),
  );
  return new ChatAnswer(model, request, prompt, choices);
}

type FinishReason = 'stop' | 'length' | 'tool_calls';

interface Delta {
  readonly role?: 'assistant';
  readonly content?: string;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly type?: 'function';
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

/** Something happened to an answer: text, a call, a piece of its arguments, or its end. */
type ChatEvent =
  | { readonly type: 'delta'; readonly index: number; readonly delta: Delta; readonly logprobs: readonly ChatLogprob[] }
  | {
      readonly type: 'end';
      readonly index: number;
      readonly reason: FinishReason;
      readonly logprobs: readonly ChatLogprob[];
    };

class ChatAnswer implements ApiAnswer {
  readonly streams: boolean;
  private readonly model: ServedModel;
  private readonly request: ChatRequest;
  private readonly prompt: ChatPrompt;
  private readonly choices: Choices;
  private readonly summaries: TextSummary[] = [];
  private readonly id = newId('chatcmpl-');
  private readonly created = secondsNow();

  constructor(model: ServedModel, request: ChatRequest, prompt: ChatPrompt, choices: Choices) {
    this.model = model;
    this.request = request;
    this.prompt = prompt;
    this.choices = choices;
    this.streams = request.stream ?? false;
  }

  cancel(): void {
    this.choices.cancel();
  }

  async *chunks(): AsyncGenerator<object, void, undefined> {
    const { request } = this;
    const usage = request.stream_options?.include_usage ? { usage: null } : {};
    for (let index = 0; index < this.count; index++) {
      yield this.chunk({ ...usage }, index, { role: 'assistant', content: '' }, null, []);
    }
    for await (const event of this.events()) {
      const [delta, reason] = event.type === 'delta' ? [event.delta, null] : [{}, event.reason];
      yield this.chunk(usage, event.index, delta, reason, event.logprobs);
    }
    if (request.stream_options?.include_usage)
      yield { ...this.head('chat.completion.chunk'), choices: [], usage: this.usage };
  }

  async whole(): Promise<object> {
    const answers = Array.from({ length: this.count }, () => ({
      text: '',
      calls: [] as { id: string; type: 'function'; function: { name: string; arguments: string } }[],
      logprobs: [] as ChatLogprob[],
      reason: 'stop' as FinishReason,
    }));
    for await (const event of this.events()) {
      const answer = answers[event.index]!;
      answer.logprobs.push(...event.logprobs);
      if (event.type === 'end') {
        answer.reason = event.reason;
        continue;
      }
      answer.text += event.delta.content ?? '';
      for (const { index, id, function: called } of event.delta.tool_calls ?? []) {
        if (id !== undefined)
          answer.calls.push({ id, type: 'function', function: { name: called.name!, arguments: '' } });
        answer.calls[index]!.function.arguments += called.arguments;
      }
    }
    return {
      ...this.head('chat.completion'),
      choices: answers.map(({ text, calls, logprobs, reason }, index) => ({
        index,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: null,
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: this.request.logprobs ? { content: logprobs, refusal: null } : null,
        finish_reason: reason,
      })),
      usage: this.usage,
    };
  }

  private get count(): number {
    return this.request.n ?? 1;
  }

  private get usage(): Usage {
    return usageOf(this.summaries, this.count);
  }

  private head(object: string) {
    return { id: this.id, object, created: this.created, model: this.model.id, system_fingerprint: null };
  }

  private chunk(
    usage: { usage?: null },
    index: number,
    delta: Delta,
    reason: FinishReason | null,
    logprobs: readonly ChatLogprob[],
  ): object {
    const shown = logprobs.length > 0 ? { content: logprobs, refusal: null } : null;
    const choice = { index, delta, logprobs: shown, finish_reason: reason };
    return { ...this.head('chat.completion.chunk'), choices: [choice], ...usage };
  }

  private async *events(): AsyncGenerator<ChatEvent, void, undefined> {
    const readers = Array.from({ length: this.count }, () => new ChoiceReader(this.prompt, this.model));
    for await (const event of this.choices.pieces()) {
      const { index } = event;
      const reader = readers[index]!;
      if (event.type === 'end') this.summaries[index] = event.summary;
      else reader.tokens(event.piece.tokens);
      const deltas = event.type === 'end' ? reader.end() : reader.push(event.piece.text);
      for (const delta of deltas) yield { type: 'delta', index, delta, logprobs: reader.takeLogprobs() };
      if (event.type === 'piece') continue;
      const reason = reader.hasCalled ? 'tool_calls' : event.summary.finishReason === 'stop' ? 'stop' : 'length';
      yield { type: 'end', index, reason, logprobs: reader.takeLogprobs() };
    }
  }
}

/** One answer's text as deltas: texts and calls of tools. */
class ChoiceReader {
  private readonly calls: ToolCallReader | undefined;
  private readonly model: ServedModel;
  private count = 0;
  private logprobs: ChatLogprob[] = [];

  constructor({ tools, begun }: ChatPrompt, model: ServedModel) {
    this.model = model;
    if (tools.length > 0) {
      this.calls = new ToolCallReader(
        model.tools,
        tools.map((tool) => tool.function.name),
      );
      this.calls.push(begun);
    }
  }

  get hasCalled(): boolean {
    return this.count > 0;
  }

  tokens(tokens: readonly GeneratedToken[]): void {
    this.logprobs.push(...chatLogprobs(tokens, this.model.tokenizer));
  }

  /** What was not sent yet. */
  takeLogprobs(): ChatLogprob[] {
    const { logprobs } = this;
    this.logprobs = [];
    return logprobs;
  }

  push(text: string): Delta[] {
    if (text === '') return [];
    return this.calls ? this.calls.push(text).map((part) => this.deltaOf(part)) : [{ content: text }];
  }

  end(): Delta[] {
    return this.calls?.flush().map((part) => this.deltaOf(part)) ?? [];
  }

  private deltaOf(part: AnswerPart): Delta {
    if (part.type === 'text') return { content: part.text };
    if (part.type === 'arguments') {
      return { tool_calls: [{ index: this.count - 1, function: { arguments: part.text } }] };
    }
    const named = { name: part.name, arguments: '' };
    return { tool_calls: [{ index: this.count++, id: newId('call_'), type: 'function', function: named }] };
  }
}
