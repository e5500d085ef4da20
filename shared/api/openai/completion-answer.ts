// `/v1/completions`: goes on with a text, or with each of several.

import type { TokenId } from '../../units.ts';
import type { TextSummary } from '../text-generation.ts';
import { type ApiAnswer, newId, samplingOf, secondsNow, stopsOf, usageOf } from './answer.ts';
import { type Choices, startChoices } from './choices.ts';
import { type CompletionLogprobs, chatLogprobs, completionLogprobs } from './logprobs.ts';
import { type CompletionRequest, parseCompletionRequest } from './requests.ts';
import type { ServedModel } from './served-model.ts';

/** OpenAI's default, for want of a better one. */
const DEFAULT_MAX_TOKENS = 16;

/** Rejects with whatever is wrong with the request, or with the engine's refusal. */
export async function answerCompletion(model: ServedModel, body: unknown): Promise<ApiAnswer> {
  const request = parseCompletionRequest(body);
  const prompts = promptsOf(request, model);
  const each = request.n ?? 1;
  const choices = await startChoices(
    model,
    prompts.flatMap((prompt) =>
      Array.from({ length: each }, (_, choice) => ({
        prompt,
        maxTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
        stopIds: model.tokenizer.eosIds,
        sampling: samplingOf(model, request, choice),
        logprobs: request.logprobs,
        stop: stopsOf(request),
        continues: true,
      })),
    ),
  );
  const echoes = prompts.map((prompt) => (request.echo ? model.tokenizer.decode(prompt) : ''));
  return new CompletionAnswer(model, request, echoes, choices);
}

function promptsOf({ prompt }: CompletionRequest, { tokenizer }: ServedModel): readonly (readonly TokenId[])[] {
  if (typeof prompt === 'string') return [tokenizer.encode(prompt)];
  if (typeof prompt[0] === 'number') return [prompt as number[]];
  return (prompt as (string | number[])[]).map((one) => (typeof one === 'string' ? tokenizer.encode(one) : one));
}

interface CompletionEvent {
  readonly index: number;
  readonly text: string;
  readonly logprobs: CompletionLogprobs | null;
  readonly reason: 'stop' | 'length' | null;
}

class CompletionAnswer implements ApiAnswer {
  readonly streams: boolean;
  private readonly model: ServedModel;
  private readonly request: CompletionRequest;
  /** What each prompt's answers begin with. */
  private readonly echoes: readonly string[];
  private readonly choices: Choices;
  private readonly summaries: TextSummary[] = [];
  private readonly id = newId('cmpl-');
  private readonly created = secondsNow();

  constructor(model: ServedModel, request: CompletionRequest, echoes: readonly string[], choices: Choices) {
    this.model = model;
    this.request = request;
    this.echoes = echoes;
    this.choices = choices;
    this.streams = request.stream ?? false;
  }

  cancel(): void {
    this.choices.cancel();
  }

  async *chunks(): AsyncGenerator<object, void, undefined> {
    const withUsage = this.request.stream_options?.include_usage ?? false;
    const usage = withUsage ? { usage: null } : {};
    for await (const { index, text, logprobs, reason } of this.events()) {
      yield { ...this.head, choices: [{ index, text, logprobs, finish_reason: reason }], ...usage };
    }
    if (withUsage) yield { ...this.head, choices: [], usage: this.usage };
  }

  async whole(): Promise<object> {
    const answers = Array.from({ length: this.echoes.length * this.each }, (_, index) => ({
      index,
      text: '',
      logprobs: null as CompletionLogprobs | null,
      finish_reason: 'stop',
    }));
    for await (const { index, text, logprobs, reason } of this.events()) {
      const answer = answers[index]!;
      answer.text += text;
      answer.finish_reason = reason ?? answer.finish_reason;
      if (logprobs) answer.logprobs = joined(answer.logprobs, logprobs);
    }
    return { ...this.head, choices: answers, usage: this.usage };
  }

  private get each(): number {
    return this.request.n ?? 1;
  }

  private get usage() {
    return usageOf(this.summaries, this.each);
  }

  private get head() {
    return {
      id: this.id,
      object: 'text_completion',
      created: this.created,
      model: this.model.id,
      system_fingerprint: null,
    };
  }

  private async *events(): AsyncGenerator<CompletionEvent, void, undefined> {
    const lengths = Array.from({ length: this.echoes.length * this.each }, () => 0);
    const begun = new Set<number>();
    for await (const event of this.choices.pieces()) {
      const { index } = event;
      const echo = begun.has(index) ? '' : this.echoes[Math.floor(index / this.each)]!;
      begun.add(index);
      if (event.type === 'end') {
        this.summaries[index] = event.summary;
        yield { index, text: echo, logprobs: null, reason: event.summary.finishReason === 'stop' ? 'stop' : 'length' };
        continue;
      }
      const text = echo + event.piece.text;
      const wanted = this.request.logprobs !== undefined;
      const logprobs = wanted
        ? completionLogprobs(chatLogprobs(event.piece.tokens, this.model.tokenizer), lengths[index]! + echo.length)
        : null;
      lengths[index]! += text.length;
      if (text !== '' || (logprobs && logprobs.tokens.length > 0)) yield { index, text, logprobs, reason: null };
    }
  }
}

function joined(before: CompletionLogprobs | null, after: CompletionLogprobs): CompletionLogprobs {
  if (!before) return after;
  return {
    tokens: [...before.tokens, ...after.tokens],
    token_logprobs: [...before.token_logprobs, ...after.token_logprobs],
    top_logprobs: [...before.top_logprobs, ...after.top_logprobs],
    text_offset: [...before.text_offset, ...after.text_offset],
  };
}
