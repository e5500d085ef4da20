// The commands there are. Each is loaded when it is run, so that help is there at once.

import type { Command } from './command.ts';
import type { OptionName } from './options.ts';
import { SAMPLING_OPTIONS } from './sampling-options.ts';
import { MissingArgumentError } from './usage-errors.ts';

const MODEL_OPTIONS = [
  'model',
  'tokenizer',
  'max-seq-len',
  'nthreads',
  'device',
  'buffer-float-type',
  'net-turbo',
] as const satisfies readonly OptionName[];

const CLUSTER_OPTIONS = [
  'workers',
  'accept',
  'nodes',
  'layout',
  'replicate',
  'key',
  'max-memory',
] as const satisfies readonly OptionName[];

export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    summary: 'A chat page, and an API that programs for OpenAI can use.',
    usage: 'serve [options]',
    about: [
      'Serves a chat page and the OpenAI API (chat completions, completions, models) on this machine, until Ctrl-C. Without --model it is the demo model that answers.',
      'Others in the home network get in with --lan, by HTTPS: the server makes an authority of its own, whose certificate each phone has to install once; the page says how.',
      'Requests that say nothing of temperature and the like get what is set here.',
    ],
    options: [
      'port',
      'lan',
      'lan-port',
      'tls-cert',
      'tls-key',
      'api-key',
      'slots',
      'chat-template',
      ...SAMPLING_OPTIONS.filter((option) => option !== 'seed'),
      ...MODEL_OPTIONS,
      ...CLUSTER_OPTIONS,
    ],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./serve.ts')).serve(args, surroundings),
  },
  {
    name: 'story',
    summary: 'Tell a story with the demo model, here in the terminal.',
    usage: 'story [SUBJECT]',
    about: ['Tells a story about the subject, or about something of its own choice, and how fast it was.'],
    options: ['nthreads', 'seed', 'device'],
    mostWords: Number.POSITIVE_INFINITY,
    run: async (args, surroundings) => (await import('./story.ts')).story(args, surroundings),
  },
  {
    name: 'inference',
    summary: 'Go on with a text, and report the speed.',
    usage: 'inference --prompt TEXT [options]',
    about: [
      'Writes the prompt and what the model adds to it, then a report: speed, times, memory. Ctrl-C ends the text and the report says how far it came.',
    ],
    options: [
      'prompt',
      'file',
      'steps',
      ...SAMPLING_OPTIONS,
      'ignore-eos',
      'json',
      'profile',
      ...MODEL_OPTIONS,
      ...CLUSTER_OPTIONS,
    ],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./inference.ts')).inference(args, surroundings),
  },
  {
    name: 'chat',
    summary: 'Talk with a model in the terminal.',
    usage: 'chat [options]',
    about: [
      'Each line is a message; one that ends with \\ goes on in the next. Ctrl-C stops an answer, /help lists the commands of the chat, Ctrl-D leaves.',
      'Without a terminal, each line of standard input is a message, and only the answers go to standard output.',
    ],
    options: ['system', 'chat-template', ...SAMPLING_OPTIONS, ...MODEL_OPTIONS, ...CLUSTER_OPTIONS],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./chat.ts')).chat(args, surroundings),
  },
  {
    name: 'perplexity',
    summary: 'Measure how well a model predicts a text.',
    usage: 'perplexity --prompt TEXT | --file FILE [options]',
    about: [
      'Perplexity is e to the mean of -ln p(token | tokens before it); lower is better. A text longer than the context is read in windows, each with half a window before it that does not count again.',
    ],
    options: ['prompt', 'file', 'json', ...MODEL_OPTIONS, ...CLUSTER_OPTIONS],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./perplexity.ts')).perplexity(args, surroundings),
  },
  {
    name: 'worker',
    summary: "Lend this machine's processor and memory to a model.",
    usage: 'worker [--join HOST:PORT | --port PORT] [options]',
    about: [
      'Computes for a root: a machine that runs inference, chat or another command with a model. The worker needs no model; it gets its part from the root and keeps it for the next time.',
      'With --join it calls the root. With --host or --port it waits for the root to call (--workers). With none of them it looks for a root on the local network. When its root is gone it serves the next. Ctrl-C ends it.',
    ],
    options: ['join', 'host', 'port', 'nthreads', 'key', 'cache', 'max-memory', 'net-turbo'],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./worker.ts')).worker(args, surroundings),
  },
  {
    name: 'demo',
    summary: 'Show several nodes at work, as processes on this machine.',
    usage: 'demo [--nodes N] [options]',
    about: [
      'Starts a root and workers, tells a story with them, and reports where the time went. On one machine more nodes are not faster; this only shows how they work together.',
    ],
    options: ['nodes', 'layout', 'prompt', 'steps', 'buffer-float-type', 'model', 'tokenizer', 'max-seq-len', 'json'],
    mostWords: 0,
    run: async (args, surroundings) => (await import('./demo.ts')).demo(args, surroundings),
  },
  {
    name: 'inspect',
    summary: 'Show what a model or tokenizer file holds.',
    usage: 'inspect FILE [options]',
    about: ['Reads no weights, so it is quick for files of any size.'],
    options: ['all', 'json'],
    mostWords: 1,
    async run({ options, words: [file] }, { out }) {
      if (file === undefined) throw new MissingArgumentError('inspect', 'a file', 'the path of a model or tokenizer');
      const { inspect } = await import('./inspect.ts');
      const lines: string[] = [];
      await inspect(file, { json: options.json ?? false, all: options.all ?? false }, (line) => lines.push(line));
      out.write(`${lines.join('\n')}\n`);
      return 0;
    },
  },
];
