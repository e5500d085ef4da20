import { describe, expect, test } from 'vitest';
import { asksForHelp, parseArguments } from './arguments.ts';
import { COMMANDS } from './catalog.ts';
import type { Command } from './command.ts';
import { commandHelp } from './help.ts';
import { OPTIONS } from './options.ts';
import { barLine } from './progress-bar.ts';
import { suggest } from './suggest.ts';

const named = (name: string): Command => COMMANDS.find((command) => command.name === name) as Command;
const parse = (name: string, ...argv: string[]) => parseArguments(argv, named(name));

describe('options', () => {
  test('values follow, after a space or an equals sign', () => {
    const { options } = parse('inference', '--prompt=a=b\nc', '--steps', '7', '--json', '--temperature', '.5');
    expect(options).toEqual({ prompt: 'a=b\nc', steps: 7, json: true, temperature: 0.5 });
  });

  test('an option is never taken for a value, but a value may begin with one dash', () => {
    expect(() => parse('inference', '--prompt', '--json')).toThrow(/--prompt lacks its value/);
    expect(parse('inference', '--prompt', '-x').options.prompt).toBe('-x');
    expect(parse('inference', '--prompt=--json').options.prompt).toBe('--json');
  });

  test('words, also those after --', () => {
    expect(parse('story', 'a', 'fox', '--', '--json').words).toEqual(['a', 'fox', '--json']);
    expect(() => parse('inspect', 'a', 'b')).toThrow(/unexpected "b"/);
  });

  test('numbers are checked', () => {
    const bad = ['', ' 5', '5x', '0x10', '1e3', '1.5', 'Infinity', '-3', '0', '99999999999'];
    for (const text of bad)
      expect(() => parse('inference', `--steps=${text}`), text).toThrow(/--steps is .*; give a whole/);
    for (const text of ['x', 'NaN', '1,5', '-0.1', '1e999']) {
      expect(() => parse('inference', `--temperature=${text}`), text).toThrow(
        /--temperature is .*; give a number from 0/,
      );
    }
  });

  test("objects' own names are no options", () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(() => parse('inference', `--${name}`, 'x')).toThrow(/unknown option/);
    }
  });

  test('what distributed-llama knows is accepted, or refused with a reason', () => {
    const known = ['--model', 'a', '--tokenizer', 'b', '--prompt', 'c', '--steps', '9', '--buffer-float-type', 'q80'];
    const more = ['--nthreads', '4', '--temperature', '0', '--topp', '0.9', '--seed', '1', '--max-seq-len', '64'];
    expect(Object.keys(parse('inference', ...known, ...more, '--net-turbo', '0').options)).toHaveLength(11);
    expect(() => parse('inference', '--gpu-segments', '0:3')).toThrow(
      /not part of this version: models run on the cpu/,
    );
    expect(() => parse('chat', '--steps', '3')).toThrow(/chat has no use for --steps/);
  });
});

test('help is asked for anywhere but after --', () => {
  expect(asksForHelp(['x', '--help'])).toBe(true);
  expect(asksForHelp(['--', '--help'])).toBe(false);
});

test('help names every option of the command and fits a terminal', () => {
  for (const command of COMMANDS) {
    const lines = commandHelp(command).split('\n');
    for (const option of command.options) expect(lines.some((line) => line.startsWith(`  --${option}`))).toBe(true);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  }
});

test('suggestions', () => {
  const options = Object.keys(OPTIONS);
  const meant = { promt: 'prompt', pormpt: 'prompt', threads: 'nthreads', temp: 'temperature', 'top-p': 'topp' };
  for (const [written, name] of Object.entries(meant)) expect(suggest(written, options), written).toBe(name);
  for (const written of ['x', 'elephant', '']) expect(suggest(written, options), written).toBeUndefined();
});

test('the progress bar never wraps', () => {
  for (let columns = 10; columns < 200; columns += 7) {
    for (const share of [0, 0.335, 1]) {
      expect(barLine('Loading a.m', share, '1 of 2 MB, 3 MB/s', columns).length).toBeLessThanOrEqual(columns);
    }
  }
  expect(barLine('Loading a.m', 0.5, '1 of 2 MB, 3 MB/s', 59)).toBe(
    'Loading a.m  ██████████░░░░░░░░░░   50 %  1 of 2 MB, 3 MB/s',
  );
});
