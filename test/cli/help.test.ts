// Help is there however it is asked for, and is no error.

import { expect, test } from 'vitest';
import { shoal } from './shoal-process.ts';

test.each([[[]], [['help']], [['--help']], [['-h']], [['help', 'help']], [['help', '--help']]])(
  'shoal %j lists the commands',
  async (args) => {
    const { code, stdout, stderr } = await shoal(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['start', 'inference', 'chat', 'perplexity', 'inspect']) expect(stdout).toContain(command);
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
