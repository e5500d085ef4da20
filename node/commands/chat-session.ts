// A chat's state and what its lines do: answer, or obey a command that begins with a slash. Knows no keyboard.

import type { Conversation } from '../../shared/api/conversation.ts';
import { generateText, type TextSummary } from '../../shared/api/text-generation.ts';
import { ShoalError } from '../../shared/errors.ts';
import type { Surroundings } from './command.ts';
import { failureOf } from './failure.ts';
import type { ModelFiles } from './model-files.ts';
import type { RunningModel } from './open-model.ts';
import type { OptionValues } from './options.ts';
import { wrappingOutput, writeForeign, writeRemark } from './output.ts';
import { samplingOf } from './sampling-options.ts';
import { speedLine } from './speed-line.ts';

const HELP = `/help          this list
/reset         forget the conversation and begin anew
/system TEXT   tell the model something for the whole conversation, and begin anew
/stats         how fast the last answer was
/exit          leave (or Ctrl-D)
A line that ends with \\ goes on in the next. Ctrl-C stops an answer.`;

const DEAF = "This model's chat format has no system messages, so it will not hear of this one.";

export class ChatSession {
  private readonly conversation: Conversation;
  private readonly files: ModelFiles;
  private readonly model: RunningModel;
  private readonly options: OptionValues;
  private readonly surroundings: Surroundings;
  private seed: number;
  private last: TextSummary | undefined;

  constructor(
    conversation: Conversation,
    files: ModelFiles,
    model: RunningModel,
    options: OptionValues,
    surroundings: Surroundings,
  ) {
    this.conversation = conversation;
    this.files = files;
    this.model = model;
    this.options = options;
    this.surroundings = surroundings;
    this.seed = samplingOf(options).seed;
  }

  greet(): void {
    if (this.options.system !== undefined && this.conversation.ignoresSystem()) this.remark(DEAF);
    if (!this.surroundings.input.isTTY) return;
    const { seqLen } = this.files.header;
    this.remark(
      `A context of ${seqLen.toLocaleString('en-US')} tokens. /help lists commands, Ctrl-C stops an answer, Ctrl-D leaves.`,
    );
  }

  remark(text: string): void {
    writeRemark(text, this.surroundings.notes);
  }

  obey(command: string): void {
    const [name, ...words] = command.split(/\s+/);
    const takesWords = name === '/system';
    const problem = words.length > 0 && !takesWords ? `${name} takes no words; /help lists the commands.` : undefined;
    this.remark(problem ?? this.carryOut(name, command.slice(name.length).trim()));
  }

  /** Returns what to remark. */
  private carryOut(name: string, text: string): string {
    switch (name) {
      case '/help':
        return HELP;
      case '/reset':
        this.conversation.reset();
        return 'The conversation is forgotten.';
      case '/system':
        this.conversation.reset();
        this.conversation.setSystem(text === '' ? undefined : text);
        if (text !== '' && this.conversation.ignoresSystem()) return DEAF;
        return `A new conversation, ${text === '' ? 'without' : 'with that'} system message.`;
      case '/stats':
        return this.stats();
      default:
        return `There is no ${name}; /help lists the commands.`;
    }
  }

  /** A failure ends the answer and not the chat. */
  async answer(question: string): Promise<void> {
    const { out, onInterrupt } = this.surroundings;
    let written = '';
    try {
      const { prompt, forgotten } = this.conversation.ask(question);
      if (forgotten > 0)
        this.remark(
          `The oldest ${forgotten === 1 ? 'question is' : `${forgotten} questions are`} forgotten, to make room.`,
        );
      await this.model.settle();
      const generation = generateText(this.model.engine, this.files.tokenizer, {
        prompt,
        maxTokens: this.files.header.seqLen - prompt.length,
        // Each answer its own random numbers, or a repeated question would get the same answer again.
        sampling: { ...samplingOf(this.options), seed: this.seed++ },
      });
      const stopListening = onInterrupt(() => generation.cancel());
      const page = wrappingOutput(out);
      try {
        for await (const { text } of generation) {
          written += text;
          writeForeign(text, page);
        }
      } finally {
        stopListening();
        out.write('\n');
      }
      this.last = await generation.finished;
      if (this.last.finishReason === 'cancelled') this.remark('(stopped)');
      if (this.last.finishReason === 'length') this.remark('(The context is full; the next question makes room.)');
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error;
      this.remark(failureOf(error).line);
    } finally {
      this.conversation.answered(written.trim());
    }
  }

  private stats(): string {
    if (this.last === undefined) return 'There was no answer yet.';
    const { reusedTokens, metrics } = this.last;
    const remembered = `${reusedTokens} of ${metrics.InputTokens} prompt tokens were computed before`;
    return `${speedLine(this.last, this.model.threads)}; ${remembered}`;
  }
}
