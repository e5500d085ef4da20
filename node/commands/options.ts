// Every option that a command may take: its name, its value and what it means. The names are distributed-llama's where
// it has such an option, so that its users need learn nothing.

import { BadValueError } from './usage-errors.ts';

export interface Option<Value> {
  /** How help shows the value; undefined: a switch, which has none. */
  readonly placeholder: string | undefined;
  readonly help: string;
  /** Throws a usage error that names the option. */
  parse(text: string, option: string): Value;
  /** Takes all values up to the next option, joined by spaces. */
  readonly many?: boolean;
  /** Why this version refuses it. */
  readonly refusal?: string;
}

const text = (placeholder: string, help: string): Option<string> => ({ placeholder, help, parse: (value) => value });

/** Several values follow. */
const list = (placeholder: string, help: string): Option<readonly string[]> => ({
  placeholder,
  help,
  parse: (value) => value.split(' '),
  many: true,
});

const toggle = (help: string): Option<true> => ({ placeholder: undefined, help, parse: () => true });

const refused = (placeholder: string, refusal: string): Option<string> => ({ ...text(placeholder, ''), refusal });

function whole(min: number, max: number, help: string): Option<number> {
  return {
    placeholder: 'N',
    help,
    parse: (value, option) => numberIn(value, option, /^[+-]?\d+$/, 'whole ', min, max),
  };
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function real(min: number, max: number, help: string): Option<number> {
  return { placeholder: 'X', help, parse: (value, option) => numberIn(value, option, DECIMAL, '', min, max) };
}

function numberIn(value: string, option: string, form: RegExp, kind: string, min: number, max: number): number {
  const wanted = `a ${kind}number from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`;
  if (!form.test(value)) throw new BadValueError(option, value, `not a ${kind}number`, wanted);
  const number = Number(value);
  if (number < min) throw new BadValueError(option, value, 'too small', wanted);
  if (number > max) throw new BadValueError(option, value, 'too large', wanted);
  return number;
}

function choice<const Choice extends string>(choices: readonly Choice[], help: string): Option<Choice> {
  return {
    placeholder: choices.join('|'),
    help,
    parse(value, option) {
      const chosen = choices.find((name) => name === value);
      if (chosen === undefined) throw new BadValueError(option, value, 'unknown', choices.join(' or '));
      return chosen;
    },
  };
}

const ON_CPU = 'models run on the cpu only';

export const OPTIONS = {
  model: text('FILE', 'Model (.m). Without --model and --tokenizer: the demo model.'),
  tokenizer: text('FILE', 'Tokenizer (.t). Default: the one beside the model, of its name or the only one.'),
  prompt: text('TEXT', 'The text.'),
  file: text('FILE', 'Read the text from a file.'),
  steps: whole(1, 1e9, 'Tokens of prompt and answer together, at most. Default: until the text or the context ends.'),
  nthreads: whole(1, 256, 'Threads. Default: one for each core, fewer for tiny models.'),
  'max-seq-len': whole(1, 2 ** 31 - 1, "Shorten the model's context to so many tokens, which saves memory."),
  'buffer-float-type': choice(
    ['q80', 'f32'],
    'Type of what nodes send each other: q80 is a quarter of the bytes, f32 exact. Default: q80.',
  ),
  replicate: choice(
    ['auto', 'never'],
    'Where messages take long, nodes side by side compute half of each layer in full, or one computes attention for all, so that they wait for each other half as often. never: all is cut. Default: auto.',
  ),
  temperature: real(0, 100, '0: always the most probable token; higher: more daring. Default: 0.8.'),
  topp: real(
    0,
    1,
    'Draw from the most probable tokens that have this probability together; 0 or 1: from all. Default: 0.9.',
  ),
  topk: whole(0, 2 ** 31 - 1, 'Draw from so many most probable tokens; 0: from all. Default: 0.'),
  minp: real(0, 1, 'Draw from tokens with this fraction of the largest probability at least. Default: 0.'),
  'repeat-penalty': real(0.01, 100, 'Make the last 64 tokens less probable; 1: off. Default: 1.'),
  seed: whole(0, Number.MAX_SAFE_INTEGER, 'The same seed draws the same tokens. Default: from the clock.'),
  'ignore-eos': toggle('Go on where the model would end its text, as distributed-llama does.'),
  'chat-template': choice(
    ['llama2', 'llama3', 'deepSeek3', 'chatml'],
    "Format of the conversation. Default: the tokenizer's own.",
  ),
  system: text('TEXT', 'What the model is told before the conversation.'),
  json: toggle('Print one JSON object and nothing else.'),
  all: toggle('Every tensor on a line of its own; the whole chat template.'),
  profile: toggle('Show how much time each operation took.'),
  device: choice(['cpu', 'reference'], 'What computes; reference is slow, to check results. Default: cpu.'),
  'net-turbo': choice(['0', '1'], 'Accepted and without effect: sending at once is always right.'),
  workers: list('HOST:PORT …', 'Workers that wait to be called (shoal worker --port).'),
  accept: text('HOST:PORT', 'Let workers join here (shoal worker --join). Host 0.0.0.0: from the whole network.'),
  nodes: whole(
    1,
    256,
    'How many nodes, this one included; wait until so many are there. Default: all of --workers, and with --accept alone 2.',
  ),
  layout: text(
    'auto|tp|pp|SxR',
    'How nodes share the model: all in each layer (tp), some layers each (pp), S stages of R nodes. Default: auto, the fastest.',
  ),
  key: {
    placeholder: 'KEY',
    help: 'What nodes of a cluster prove to each other that they know. Default: $SHOAL_KEY, then a key made once for this user.',
    parse(value, option) {
      if (value === '') throw new BadValueError(option, value, 'empty', 'the key that the other nodes have');
      return value;
    },
  } satisfies Option<string>,
  join: text('HOST:PORT', 'Call the root there, again and again until it answers.'),
  host: text(
    'HOST',
    'Where to wait for the root: an address of this machine, 0.0.0.0 for all. Default: 127.0.0.1, this machine only.',
  ),
  port: whole(0, 65_535, 'Port to listen on. 0 chooses one. Default: 9999 of a worker, 9990 of the server.'),
  slots: whole(
    1,
    256,
    'Answers at a time, each with a context of its own. Default: as many as an eighth of the memory holds, 32 at most.',
  ),
  lan: toggle('Let the home network in too, by HTTPS, so that phones can chat.'),
  'lan-port': whole(0, 65_535, 'Port of --lan. 0 chooses one. Default: 9443.'),
  'tls-cert': text('FILE', 'Certificate for --lan (PEM). Default: one of an own authority, made at the first start.'),
  'tls-key': text('FILE', 'Its private key (PEM).'),
  'api-key': {
    placeholder: 'KEY',
    help: 'What callers of the API must send. Default: $SHOAL_API_KEY, then none.',
    parse(value, option) {
      if (/^[\x21-\x7e]+$/.test(value)) return value;
      throw new BadValueError(
        option,
        value === '' ? value : '(hidden)',
        'unusable',
        'letters, digits and signs without spaces',
      );
    },
  } satisfies Option<string>,
  cache: text('FOLDER', 'Where a worker keeps weights for the next time. Default: ~/.cache/shoal.'),
  'max-memory': real(
    0.01,
    1e6,
    'Gigabytes that this node gives to the model at most. Default: nine tenths of what is free.',
  ),
  'gpu-index': refused('N', ON_CPU),
  'gpu-segments': refused('FROM:TO', ON_CPU),
} satisfies Record<string, Option<unknown>>;

export type OptionName = keyof typeof OPTIONS;
type ValueOf<Kind> = Kind extends Option<infer Value> ? Value : never;
export type OptionValues = { readonly [Name in OptionName]?: ValueOf<(typeof OPTIONS)[Name]> };

/** By a name that may be none. */
export const optionOf = (name: string): Option<unknown> | undefined =>
  Object.hasOwn(OPTIONS, name) ? OPTIONS[name as OptionName] : undefined;
