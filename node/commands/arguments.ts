// From the words of a command line to options with values. Pure: it opens nothing and prints nothing.

import type { Arguments, Command } from './command.ts';
import { type Option, type OptionName, type OptionValues, optionOf } from './options.ts';
import { suggest } from './suggest.ts';
import {
  ForeignOptionError,
  MissingValueError,
  RepeatedOptionError,
  UnavailableOptionError,
  UnexpectedWordError,
  UnknownOptionError,
  UnwantedValueError,
} from './usage-errors.ts';

/** `--name value`, `--name=value` and `--switch`; after `--` everything is a word. */
export function parseArguments(argv: readonly string[], command: Command): Arguments {
  const values: Partial<Record<OptionName, unknown>> = {};
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (!/^-./.test(word)) {
      words.push(word);
      continue;
    }
    const [, name, inline] = /^-{1,2}([^=]*)(?:=(.*))?$/s.exec(word) as RegExpExecArray;
    const option = knownOption(word, name, command);
    if (name in values) throw new RepeatedOptionError(name);
    if (option.placeholder === undefined) {
      if (inline !== undefined) throw new UnwantedValueError(name);
      values[name as OptionName] = option.parse('', name);
      continue;
    }
    let value = inline ?? argv[++i];
    if (option.many) while (i + 1 < argv.length && !/^-./.test(argv[i + 1])) value += ` ${argv[++i]}`;
    // What looks like an option is one: a forgotten value must not swallow it. A text that begins so is written with =.
    if (value === undefined || (inline === undefined && value.startsWith('--'))) {
      throw new MissingValueError(name, option.placeholder);
    }
    values[name as OptionName] = option.parse(value, name);
  }
  if (words.length > command.mostWords) throw new UnexpectedWordError(words[command.mostWords], command.name);
  return { options: values as OptionValues, words };
}

function knownOption(word: string, name: string, command: Command): Option<unknown> {
  const option = word.startsWith('--') ? optionOf(name) : undefined;
  if (option === undefined) {
    throw new UnknownOptionError(word.split('=', 1)[0], suggest(name, command.options), command.name);
  }
  if (option.refusal !== undefined) throw new UnavailableOptionError(name, option.refusal);
  if (!(command.options as readonly string[]).includes(name)) throw new ForeignOptionError(name, command.name);
  return option;
}

/** Whether help is asked for anywhere before `--`. */
export function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => word === '--help' || word === '-h');
}
