// Standard output and standard error as commands see them, and how text is made fit for a terminal.

import type { WriteStream } from 'node:tty';
import type { Output } from './command.ts';
import { WordWrap } from './word-wrap.ts';

export function streamOutput(stream: WriteStream): Output {
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    write: (text) => void stream.write(text),
  };
}

/** Writes what a model or a file says. It may hold anything and must not steer a terminal; elsewhere it stays as it is. */
export function writeForeign(text: string, output: Output): void {
  // Tabs and line breaks are harmless; the rest of the control characters become visible, such as ␛.
  const visible = (character: string): string => String.fromCodePoint(0x2400 + (character.codePointAt(0) as number));
  const harmless = output.isTerminal
    ? text
        .replaceAll('\r\n', '\n')
        .replaceAll(/[^\P{Cc}\t\n\x7f-\x9f]/gu, visible)
        .replaceAll(/[\x7f-\x9f]/g, '�')
    : text;
  output.write(harmless);
}

/** `output` with lines broken between words if it is a terminal; for one text that begins at a line's beginning. */
export function wrappingOutput(output: Output): Output {
  if (!output.isTerminal) return output;
  const wrap = new WordWrap(() => output.columns);
  return {
    isTerminal: true,
    get columns() {
      return output.columns;
    },
    write: (text) => output.write(wrap.push(text)),
  };
}

/** A remark that should not stand out. */
export function writeRemark(text: string, output: Output): void {
  const shown = output.isTerminal ? new WordWrap(() => output.columns).push(text) : text;
  const dims = output.isTerminal && !process.env.NO_COLOR;
  output.write(dims ? `\x1b[2m${shown}\x1b[22m\n` : `${shown}\n`);
}
