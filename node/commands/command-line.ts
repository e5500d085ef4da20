// From a command line to an exit code: chooses the command, answers requests for help, and turns failures into a line.

import { asksForHelp, parseArguments } from './arguments.ts';
import { COMMANDS } from './catalog.ts';
import type { Command, Surroundings } from './command.ts';
import { failureOf } from './failure.ts';
import { commandHelp, generalHelp } from './help.ts';
import { suggest } from './suggest.ts';
import { UnexpectedWordError, UnknownCommandError } from './usage-errors.ts';

export async function runCommandLine(
  argv: readonly string[],
  version: string,
  surroundings: Surroundings,
): Promise<number> {
  try {
    return await run(argv, version, surroundings);
  } catch (error) {
    return fail(error, surroundings);
  }
}

/** Says what went wrong, in one line, and returns the exit code for it. */
export function fail(error: unknown, { notes }: Pick<Surroundings, 'notes'>): number {
  const { line, exitCode } = failureOf(error);
  notes.write(`${line}\n`);
  if (process.env.SHOAL_DEBUG && error instanceof Error) notes.write(`${error.stack}\n`);
  return exitCode;
}

async function run(argv: readonly string[], version: string, surroundings: Surroundings): Promise<number> {
  const { out } = surroundings;
  const [name, ...rest] = argv;
  switch (name) {
    case undefined:
    case '--help':
    case '-h':
      out.write(generalHelp(COMMANDS));
      return 0;
    case 'help':
      if (rest.length > 1) throw new UnexpectedWordError(rest[1], 'help');
      out.write(
        rest[0] === undefined || rest[0] === 'help' || asksForHelp(rest)
          ? generalHelp(COMMANDS)
          : commandHelp(commandOf(rest[0])),
      );
      return 0;
    case '--version':
    case '-v':
      out.write(`${version}\n`);
      return 0;
  }
  const command = commandOf(name);
  if (asksForHelp(rest)) {
    out.write(commandHelp(command));
    return 0;
  }
  return await command.run(parseArguments(rest, command), surroundings);
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const known = COMMANDS.map((one) => one.name);
  throw new UnknownCommandError(name, suggest(name, [...known, 'help']), known);
}
