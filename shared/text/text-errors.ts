// What can be wrong with a tokenizer or a chat template, one class a cause.

import { ShoalError } from '../errors.ts';

const count = (n: number): string => n.toLocaleString('en-US');

export class TokenizerMismatchError extends ShoalError {
  readonly blame = 'file';

  constructor(problem: string) {
    super(`The tokenizer does not fit the model: ${problem}; use the tokenizer that was made for this model`);
  }

  static tooManyTokens(tokens: number, vocabSize: number): TokenizerMismatchError {
    return new TokenizerMismatchError(`it has ${count(tokens)} tokens and the model knows ${count(vocabSize)}`);
  }

  static unknownToken(role: string, id: number, tokens: number): TokenizerMismatchError {
    return new TokenizerMismatchError(`its ${role} token is ${count(id)}, but it has only ${count(tokens)} tokens`);
  }
}

export class ChatTemplateSyntaxError extends ShoalError {
  readonly blame = 'file';

  constructor(cause: unknown) {
    super(
      `Cannot read the tokenizer's chat template: ${reason(cause)}; choose a built-in one with --chat-template or repair the file`,
      { cause },
    );
  }
}

/** The template is readable, but it, or the template's own check, rejects what it was given. */
export class ChatTemplateRenderError extends ShoalError {
  readonly blame = 'usage';

  constructor(cause: unknown) {
    super(
      `The chat template does not accept these messages: ${reason(cause)}; change their roles or order, or choose another with --chat-template`,
      { cause },
    );
  }
}

export class UnknownChatTemplateError extends ShoalError {
  readonly blame = 'usage';

  constructor(name: string, known: readonly string[]) {
    super(`There is no chat template "${name}"; choose one of ${known.join(', ')}`);
  }
}

export class NoChatTemplateError extends ShoalError {
  readonly blame = 'usage';

  constructor(known: readonly string[]) {
    super(`The tokenizer has no chat template; choose one with --chat-template: ${known.join(', ')}`);
  }
}

/** The first line of a foreign error, without a final stop. */
const reason = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n', 1)[0]!.trim().replace(/\.$/, '') || 'no reason given';
};
