// Numbers between two bounds, as expressions over their digits: a text is compared with a bound digit by digit, after a
// choice of how many digits it has. Numbers with bounds are written without exponent.

import { ascii, between, type Expression, either, optional, repeat, sequence } from './expression.ts';

export const digit = between('0', '9');
/** JSON.stringify writes as many digits before the point, */
export const MAX_DIGITS = 21;
/** and this many behind it at most. */
export const MAX_FRACTION = 24;

export interface Bound {
  readonly value: number;
  /** The value itself is not in. */
  readonly exclusive: boolean;
}

/** A number without sign, in decimal digits. */
interface Magnitude {
  readonly whole: string;
  /** Without zeros at the end. */
  readonly fraction: string;
}

const nothing = either();
const digits = (min: number, max: number): Expression => repeat(digit, min, max);
const zeros = (min: number, max: number): Expression => repeat(ascii('0'), min, max);
const anyWhole = either(ascii('0'), sequence(between('1', '9'), digits(0, MAX_DIGITS - 1)));

/** Whether a bound can be compared with digit by digit: its own digits are neither too many nor too small. */
export const isComparable = ({ value }: Bound): boolean =>
  Math.abs(value) < 10 ** MAX_DIGITS && !/e/.test(String(value));

/** JSON numbers that are not less than a bound, or greater if it is exclusive. */
export function atLeast({ value, exclusive }: Bound, integers: boolean): Expression {
  const size = magnitudeOf(value);
  const positive = either(anyWhole, integers ? nothing : sequence(anyWhole, anyFraction));
  if (value < 0) return either(positive, sequence(ascii('-'), upTo(size, exclusive, integers)));
  return downTo(size, exclusive, integers);
}

/** JSON numbers that are not greater than a bound, or less if it is exclusive. */
export function atMost({ value, exclusive }: Bound, integers: boolean): Expression {
  const size = magnitudeOf(value);
  if (value < 0) return sequence(ascii('-'), downTo(size, exclusive, integers));
  const zero = { whole: '0', fraction: '' };
  // -0 is no less than 0.
  const negative = sequence(ascii('-'), downTo(zero, true, integers));
  return either(negative, upTo(size, exclusive, integers));
}

/** In full: numbers from 10^21 on print with an exponent. */
function magnitudeOf(value: number): Magnitude {
  const [whole, fraction = ''] = String(Math.abs(value)).split('.');
  return { whole: whole!, fraction };
}

const anyFraction = sequence(ascii('.'), digits(1, MAX_FRACTION));

function downTo({ whole, fraction }: Magnitude, exclusive: boolean, integers: boolean): Expression {
  const larger = wholesAbove(whole);
  if (integers) return exclusive ? larger : either(larger, ascii(whole));
  const tail =
    fraction === ''
      ? exclusive
        ? sequence(ascii('.'), positiveTail(MAX_FRACTION))
        : optional(anyFraction)
      : sequence(ascii('.'), tailFrom(fraction, exclusive, MAX_FRACTION));
  return either(sequence(larger, optional(anyFraction)), sequence(ascii(whole), tail));
}

function upTo({ whole, fraction }: Magnitude, exclusive: boolean, integers: boolean): Expression {
  const smaller = wholesBelow(whole);
  if (integers) return exclusive ? smaller : either(smaller, ascii(whole));
  const tail =
    fraction === ''
      ? exclusive
        ? nothing
        : optional(sequence(ascii('.'), zeros(1, MAX_FRACTION)))
      : optional(sequence(ascii('.'), tailTo(fraction, exclusive, MAX_FRACTION)));
  return either(sequence(smaller, optional(anyFraction)), sequence(ascii(whole), tail));
}

/** Whole numbers with more digits, or as many and a larger one where they first differ. */
function wholesAbove(whole: string): Expression {
  const longer =
    whole.length < MAX_DIGITS ? sequence(between('1', '9'), digits(whole.length, MAX_DIGITS - 1)) : nothing;
  return either(longer, ...differingAt(whole, (at) => [next(whole[at]!), '9']));
}

function wholesBelow(whole: string): Expression {
  const shorter =
    whole.length > 1 ? either(ascii('0'), sequence(between('1', '9'), digits(0, whole.length - 2))) : nothing;
  const least = (at: number): string => (at === 0 && whole.length > 1 ? '1' : '0');
  return either(shorter, ...differingAt(whole, (at) => [least(at), previous(whole[at]!)]));
}

/** Numbers of the same length that agree up to one digit, which is in the range that `allowed` gives. */
function differingAt(whole: string, allowed: (at: number) => [string, string]): Expression[] {
  return Array.from(whole, (_, at) => {
    const [low, high] = allowed(at);
    const rest = whole.length - at - 1;
    return low <= high && isDigit(low) && isDigit(high)
      ? sequence(ascii(whole.slice(0, at)), between(low, high), digits(rest, rest))
      : nothing;
  });
}

const next = (character: string): string => String.fromCharCode(character.charCodeAt(0) + 1);
const previous = (character: string): string => String.fromCharCode(character.charCodeAt(0) - 1);
const isDigit = (character: string): boolean => character >= '0' && character <= '9';

/** Digits after the point that are not all zero. */
const positiveTail = (room: number): Expression => sequence(zeros(0, room - 1), between('1', '9'), digits(0, room - 1));

/** Digits after the point that are no more than `fraction`. */
export const fractionUpTo = (fraction: string): Expression => tailTo(fraction, false, MAX_FRACTION);

function tailFrom(fraction: string, exclusive: boolean, room: number): Expression {
  const first = fraction[0]!;
  const larger = first === '9' ? nothing : sequence(between(next(first), '9'), digits(0, room - 1));
  const rest = fraction.slice(1);
  const same =
    rest !== '' ? tailFrom(rest, exclusive, room - 1) : exclusive ? positiveTail(room - 1) : digits(0, room - 1);
  return either(larger, sequence(ascii(first), same));
}

function tailTo(fraction: string, exclusive: boolean, room: number): Expression {
  const first = fraction[0]!;
  const smaller = first === '0' ? nothing : sequence(between('0', previous(first)), digits(0, room - 1));
  const rest = fraction.slice(1);
  const same = rest !== '' ? optional(tailTo(rest, exclusive, room - 1)) : exclusive ? nothing : zeros(0, room - 1);
  return either(smaller, sequence(ascii(first), same));
}
