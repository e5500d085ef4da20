// Where the chat's lines come from: a person at a terminal, or standard input that is piped. Knows no chat.

import { stderr } from 'node:process';
import { createInterface } from 'node:readline/promises';
import type { Surroundings } from './command.ts';

/** `interrupt`: Ctrl-C at an empty prompt; `discarded`: at one with text. `end`: there are no more lines. */
export type Line = { readonly text: string } | 'interrupt' | 'discarded' | 'end';

export interface LineSource extends Disposable {
  next(prompt: string): Promise<Line>;
}

export function chatLines(surroundings: Surroundings): LineSource {
  const { input, notes } = surroundings;
  return input.isTTY && notes.isTerminal ? terminalLines(surroundings) : pipedLines(surroundings);
}

/**
 * Each line gets an editor of its own: between lines the terminal is in its usual mode, where Ctrl-C is a signal, and
 * what is typed during an answer waits for the next line.
 */
function terminalLines({ input, onInterrupt }: Surroundings): LineSource {
  let history: string[] = [];
  return {
    async next(prompt) {
      const editor = createInterface({ input, output: stderr, terminal: true, history: [...history] });
      editor.on('history', (lines) => {
        history = lines;
      });
      const { promise, resolve } = Promise.withResolvers<Line>();
      // While the editor reads keys, Ctrl-C is one of them. A signal comes from elsewhere (or from npm, see onInterrupt).
      const interrupt = (): void => {
        stderr.write('^C\n');
        resolve(editor.line === '' ? 'interrupt' : 'discarded');
      };
      const stopListening = onInterrupt(interrupt);
      editor.on('SIGINT', interrupt);
      editor.on('close', () => resolve('end'));
      editor.question(prompt).then(
        (text) => resolve({ text }),
        () => resolve('end'),
      );
      try {
        const line = await promise;
        if (line === 'end') stderr.write('\n');
        return line;
      } finally {
        stopListening();
        editor.close();
      }
    },
    [Symbol.dispose]() {},
  };
}

/** One reader for all lines: it reads ahead, so a second one would miss what the first has taken. */
function pipedLines({ input }: Surroundings): LineSource {
  const reader = createInterface({ input, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      return done ? 'end' : { text: value };
    },
    [Symbol.dispose]: () => reader.close(),
  };
}

/** The next message: lines that end with \ go on in the next. */
export async function nextMessage(lines: LineSource, prompt: string): Promise<Line> {
  let message = '';
  for (let more = prompt; ; more = '… ') {
    const line = await lines.next(more);
    if (typeof line === 'string') return line === 'end' && message !== '' ? { text: message } : line;
    if (!line.text.endsWith('\\')) return { text: message + line.text };
    message += `${line.text.slice(0, -1)}\n`;
  }
}
