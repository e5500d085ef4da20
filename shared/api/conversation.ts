// A chat's messages, as prompts that fit the context: the oldest turns are forgotten when there is no room. It knows the
// template and the tokenizer; it generates nothing.

import { PromptTooLongError } from '../engine/errors.ts';
import type { ChatMessage, ChatTemplate } from '../text/chat-template.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { TokenId } from '../units.ts';

export interface Question {
  /** All of the conversation that is remembered, ending where the answer begins. */
  readonly prompt: readonly TokenId[];
  /** Questions that were forgotten, with their answers, to make room. */
  readonly forgotten: number;
}

interface Turn {
  readonly question: string;
  readonly answer: string;
}

/** Room that is kept for an answer, as long as there are older turns to forget for it. */
const answerRoom = (seqLen: number): number => Math.min(256, Math.floor(seqLen / 4));

export class Conversation {
  private readonly tokenizer: Tokenizer;
  private readonly template: ChatTemplate;
  private readonly seqLen: number;
  private system: string | undefined;
  private turns: Turn[] = [];
  private asked: string | undefined;

  constructor(tokenizer: Tokenizer, template: ChatTemplate, seqLen: number, system?: string | undefined) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.seqLen = seqLen;
    this.system = system;
  }

  /** Begins anew; the system message stays. */
  reset(): void {
    this.turns = [];
  }

  setSystem(text: string | undefined): void {
    this.system = text;
  }

  /** Whether the template leaves system messages out, as small models' do. */
  ignoresSystem(): boolean {
    const question: ChatMessage = { role: 'user', content: '?' };
    const system: ChatMessage = { role: 'system', content: 'x' };
    return this.template.render([question]) === this.template.render([system, question]);
  }

  /** Throws a PromptTooLongError if the question alone leaves no room for a token of an answer; then nothing changed. */
  ask(question: string): Question {
    const room = answerRoom(this.seqLen);
    let forgotten = 0;
    let prompt = this.prompt(question, forgotten);
    while (prompt.length + room > this.seqLen && forgotten < this.turns.length) {
      prompt = this.prompt(question, ++forgotten);
    }
    if (prompt.length >= this.seqLen) throw new PromptTooLongError(prompt.length, this.seqLen);
    this.turns.splice(0, forgotten);
    this.asked = question;
    return { prompt, forgotten };
  }

  /** Remembers the answer to the last question. Of a question without an answer nothing stays: templates want both. */
  answered(answer: string): void {
    if (this.asked !== undefined && answer !== '') this.turns.push({ question: this.asked, answer });
    this.asked = undefined;
  }

  private prompt(question: string, forgotten: number): TokenId[] {
    const messages: ChatMessage[] = [];
    if (this.system !== undefined) messages.push({ role: 'system', content: this.system });
    for (const turn of this.turns.slice(forgotten)) {
      messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: turn.answer });
    }
    messages.push({ role: 'user', content: question });
    return this.tokenizer.encode(this.template.render(messages));
  }
}
