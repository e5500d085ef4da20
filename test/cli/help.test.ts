// Help is there however it is asked for, and is no error.

import { expect, test } from 'vitest';
import { shoal } from './shoal-process.ts';

test.each([[[]], [['help']], [['--help']], [['-h']], [['help', 'help']], [['help', '--help']]])(
  'shoal %j lists the commands',
  async (args) => {
    const { code, stdout, stderr } = await shoal(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['serve', 'story', 'inference', 'chat', 'perplexity', 'worker', 'demo', 'inspect'])
      expect(stdout).toContain(command);
  },
);

test.each([[['help', 'chat']], [['chat', '--help']], [['chat', '--model', 'x', '-h']]])(
  'shoal %j explains chat',
  async (args) => {
    const { code, stdout, stderr } = await shoal(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/shoal chat/);
  },
);

test.each([
  ['worker', ['--join', '--host', '--port', '--key', '--cache', '--max-memory']],
  ['demo', ['--nodes', '--layout', '--json']],
  ['inference', ['--workers', '--accept', '--nodes', '--layout', '--key']],
])('help %s names the options of clusters, in lines of 80 characters', async (command, options) => {
  const { stdout } = await shoal(['help', command]);
  for (const option of options) expect(stdout).toMatch(new RegExp(`^  ${option}\\b`, 'm'));
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
