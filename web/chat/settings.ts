// How a conversation's answers are made: the system prompt and the numbers of sampling. What is left open is the server's
// choice. Reads settings from anywhere, and what is not valid is left out. Knows no form and no storage.

export interface Settings {
  /** Empty: none. */
  readonly system: string;
  readonly stop: readonly string[];
  readonly numbers: Readonly<Partial<Record<NumberName, number>>>;
}

export type NumberName = 'temperature' | 'topP' | 'maxTokens' | 'seed' | 'presencePenalty' | 'frequencyPenalty';

export interface NumberField {
  readonly name: NumberName;
  /** OpenAI's name for it. */
  readonly parameter: string;
  readonly label: string;
  readonly hint: string;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

export const NUMBER_FIELDS: readonly NumberField[] = [
  {
    name: 'temperature',
    parameter: 'temperature',
    label: 'Temperature',
    hint: 'More is more surprising',
    least: 0,
    most: 2,
    whole: false,
  },
  {
    name: 'topP',
    parameter: 'top_p',
    label: 'Top-p',
    hint: 'Drops unlikely words below 1',
    least: 0,
    most: 1,
    whole: false,
  },
  {
    name: 'maxTokens',
    parameter: 'max_tokens',
    label: 'Max tokens',
    hint: 'The longest answer',
    least: 1,
    most: 2 ** 31 - 1,
    whole: true,
  },
  {
    name: 'seed',
    parameter: 'seed',
    label: 'Seed',
    hint: 'Repeats the same answer',
    least: -Number.MAX_SAFE_INTEGER,
    most: Number.MAX_SAFE_INTEGER,
    whole: true,
  },
  {
    name: 'presencePenalty',
    parameter: 'presence_penalty',
    label: 'Presence penalty',
    hint: 'Against words used before',
    least: -2,
    most: 2,
    whole: false,
  },
  {
    name: 'frequencyPenalty',
    parameter: 'frequency_penalty',
    label: 'Frequency penalty',
    hint: 'Against words used often',
    least: -2,
    most: 2,
    whole: false,
  },
];

/** The server takes no more. */
const MOST_STOPS = 16;

export const noSettings: Settings = { system: '', stop: [], numbers: {} };

/** What is wrong with a number as it was typed; undefined if nothing is. An empty text leaves the choice to the server. */
export function complaintAbout({ whole, least, most }: NumberField, text: string): string | undefined {
  if (text.trim() === '') return undefined;
  const value = Number(text);
  if (Number.isNaN(value)) return 'Must be a number';
  if (whole && !Number.isSafeInteger(value)) return 'Must be a whole number';
  if (value < least) return `Must be ${least} or more`;
  return value > most ? `Must be ${most} or less` : undefined;
}

/** One stop text a line. */
export const stopsOf = (lines: string): string[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, MOST_STOPS);

/** Settings from a file or another version of the page. */
export function readSettings(value: unknown): Settings {
  if (typeof value !== 'object' || value === null) return noSettings;
  const { system, stop, numbers } = value as { system?: unknown; stop?: unknown; numbers?: unknown };
  const given = (typeof numbers === 'object' && numbers !== null ? numbers : {}) as Record<string, unknown>;
  const valid = NUMBER_FIELDS.flatMap((field) => {
    const number = given[field.name];
    if (typeof number !== 'number' || complaintAbout(field, String(number)) !== undefined) return [];
    return [[field.name, number] as const];
  });
  return {
    system: typeof system === 'string' ? system : '',
    stop: Array.isArray(stop) ? stop.filter((one) => typeof one === 'string' && one !== '').slice(0, MOST_STOPS) : [],
    numbers: Object.fromEntries(valid),
  };
}

/** The settings as OpenAI's API names them; the system prompt is a message and not among them. */
export function parametersOf({ numbers, stop }: Settings): Record<string, unknown> {
  const given = NUMBER_FIELDS.flatMap(({ name, parameter }) =>
    numbers[name] === undefined ? [] : [[parameter, numbers[name]] as const],
  );
  return { ...Object.fromEntries(given), ...(stop.length > 0 ? { stop } : {}) };
}

export const isDefault = ({ system, stop, numbers }: Settings): boolean =>
  system === '' && stop.length === 0 && Object.keys(numbers).length === 0;
