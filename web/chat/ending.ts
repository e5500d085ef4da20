// What a reader is told of how an answer ended, and what they can do about it. Pure.

import type { Answer } from './conversation.ts';

export type Action = 'retry' | 'go-on' | 'edit' | 'new';

export interface Ending {
  readonly text: string;
  readonly advice?: string;
  readonly isBad: boolean;
  readonly choices: readonly (readonly [Action, label: string])[];
}

/** `limit`: the most tokens that the settings allow. undefined: it ended as it should, there is nothing to say. */
export function endingOf(answer: Answer, limit: number | undefined): Ending | undefined {
  switch (answer.state) {
    case 'length':
      return lengthEnding(answer, limit);
    case 'stopped':
      return { text: 'You stopped it here.', isBad: false, choices: [] };
    case 'cut':
      return {
        text: answer.text === '' ? 'The connection broke before the answer came.' : 'The answer was cut off here.',
        isBad: true,
        choices:
          answer.text === ''
            ? [['retry', 'Ask again']]
            : [
                ['retry', 'Write it anew'],
                ['go-on', 'Go on from here'],
              ],
      };
    case 'failed':
      return failure(answer);
    default:
      return undefined;
  }
}

function lengthEnding({ answerTokens }: Answer, limit: number | undefined): Ending {
  const isOwnLimit = limit !== undefined && (answerTokens === undefined || answerTokens >= limit);
  return {
    text: isOwnLimit
      ? `It ends here because of this chat’s limit of ${limit} tokens.`
      : 'It ends here because the model can hold no more text at once.',
    advice: isOwnLimit ? 'Max tokens, in the settings, allows more.' : 'A new chat gives it room again.',
    isBad: false,
    choices: isOwnLimit ? [['go-on', 'Go on from here']] : [['new', 'New chat']],
  };
}

function failure({ problem }: Answer): Ending {
  if (problem?.code === 'context_length_exceeded') {
    return {
      text: 'This chat is longer than the model can read.',
      advice: `Shorten your message, or start a new chat. The server says: ${problem.message}`,
      isBad: true,
      choices: [
        ['edit', 'Edit the message'],
        ['new', 'New chat'],
      ],
    };
  }
  return { text: problem?.message ?? 'Something went wrong.', isBad: true, choices: [['retry', 'Ask again']] };
}
