// The automata that every grammar shares: JSON's strings, numbers, words and the white space between them. Numbers and
// white space are bounded, as a model could go on with either for ever.

import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import { compileExpression } from './byte-dfa.ts';
import {
  ascii,
  between,
  codeSet,
  complement,
  type Expression,
  either,
  jsonCharacter,
  LAST_CODE,
  optional,
  repeat,
  sequence,
  utf8,
} from './expression.ts';
import { digit, fractionUpTo, MAX_DIGITS, MAX_FRACTION } from './number-range.ts';
import { WorkBudget } from './work-budget.ts';

const build = (expression: Expression): ByteAutomaton => compileExpression(expression, new WorkBudget());

export const QUOTE = 0x22;
export const ANY_CHARACTER = complement([]);

/** Deeper than that no line is indented. */
const maxIndent = 40;
const newLine = sequence(ascii('\n'), repeat(either(ascii(' '), ascii('\t')), 0, maxIndent));
/** Between any two parts: nothing, a space, or a line break with the next line's indent. */
export const WHITE_SPACE = build(optional(either(ascii(' '), newLine)));
/** After a colon: nothing or a space. */
export const SPACE = build(optional(ascii(' ')));

const minus = optional(ascii('-'));
const whole = either(ascii('0'), sequence(between('1', '9'), repeat(digit, 0, MAX_DIGITS - 1)));
const fraction = optional(sequence(ascii('.'), repeat(digit, 1, MAX_FRACTION)));
const power = either(ascii('e'), ascii('E'));
const plus = optional(ascii('+'));
const smallPower = sequence(
  power,
  either(sequence(plus, repeat(digit, 1, 2)), sequence(ascii('-'), repeat(digit, 1, 3))),
);
const largePower = sequence(
  power,
  plus,
  either(sequence(either(ascii('1'), ascii('2')), digit, digit), sequence(ascii('30'), between('0', '7'))),
);
/** Up to the largest double; a larger one would be read as infinite, which JSON has no word for. */
const largest = sequence(
  ascii('1'),
  optional(sequence(ascii('.'), fractionUpTo('7976931348623157'))),
  power,
  plus,
  ascii('308'),
);
export const NUMBER = build(
  sequence(
    minus,
    either(sequence(whole, fraction, optional(smallPower)), sequence(between('0', '9'), fraction, largePower), largest),
  ),
);
export const INTEGER = build(either(ascii('0'), sequence(minus, between('1', '9'), repeat(digit, 0, MAX_DIGITS - 1))));
export const BOOLEAN = build(either(ascii('true'), ascii('false')));
export const NULL = build(ascii('null'));

const hex = either(digit, between('a', 'f'), between('A', 'F'));
const oneOf = (letters: string): Expression => either(...Array.from(letters, ascii));
const highSurrogate = sequence(oneOf('dD'), oneOf('89abAB'), hex, hex);
const lowSurrogate = sequence(oneOf('dD'), oneOf('cdefCDEF'), hex, hex);
const otherUnit = either(
  sequence(either(digit, oneOf('abcefABCEF')), hex, hex, hex),
  sequence(oneOf('dD'), between('0', '7'), hex, hex),
);
const escaped = sequence(
  ascii('\\'),
  either(
    oneOf('"\\/bfnrt'),
    sequence(ascii('u'), otherUnit),
    sequence(ascii('u'), highSurrogate, ascii('\\u'), lowSurrogate),
  ),
);
const unescaped = utf8(
  codeSet([
    { start: 0x20, end: QUOTE },
    { start: QUOTE + 1, end: 0x5c },
    { start: 0x5d, end: LAST_CODE + 1 },
  ]),
);
/** Any string, however it is escaped. Lone surrogates are none: they are no text. */
export const STRING = build(
  sequence(ascii('"'), repeat(either(unescaped, escaped), 0, Number.POSITIVE_INFINITY), ascii('"')),
);
/** The state of STRING between two characters. */
export const STRING_BODY = STRING.next(STRING.start, QUOTE);
if (STRING_BODY === DEAD) throw new Error('a string cannot begin with a quote');

/** Any string as JSON.stringify writes it, so that equal strings are equal texts. */
export const PLAIN_STRING = build(
  sequence(ascii('"'), repeat(jsonCharacter(ANY_CHARACTER), 0, Number.POSITIVE_INFINITY), ascii('"')),
);
