// What `--help` prints: made of what the commands and options say of themselves.

import type { Command } from './command.ts';
import { OPTIONS, type Option } from './options.ts';
import { PROGRAM } from './program-name.ts';

const WIDTH = 80;
/** Options as long as this have their explanation on the next line. */
const COLUMN = 26;

export function generalHelp(commands: readonly Command[]): string {
  return [
    'Shoal runs one language model over the devices people already own.',
    '',
    `Usage: ${PROGRAM} COMMAND [options]`,
    '',
    'Commands:',
    ...commands.flatMap(({ name, summary }) => entry(name, summary)),
    '',
    `${PROGRAM} help COMMAND tells what a command does and which options it takes.`,
    '',
  ].join('\n');
}

export function commandHelp({ usage, about, options }: Command): string {
  return [
    `Usage: ${PROGRAM} ${usage}`,
    ...about.flatMap((paragraph) => ['', ...wrapped(paragraph, WIDTH)]),
    '',
    'Options:',
    ...options.flatMap((name) => {
      const { placeholder, help }: Option<unknown> = OPTIONS[name];
      return entry(`--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`, help);
    }),
    ...entry('--help', 'This text.'),
    '',
  ].join('\n');
}

function entry(term: string, explanation: string): string[] {
  const lines = wrapped(explanation, WIDTH - COLUMN);
  const head = `  ${term}`;
  if (head.length > COLUMN - 2) return [head, ...lines.map((line) => ' '.repeat(COLUMN) + line)];
  return lines.map((line, i) => (i === 0 ? head : '').padEnd(COLUMN) + line);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
