// The string formats that are enforced, as expressions over what stands between the quotes. Others are annotations, as the
// JSON Schema standard allows.

import { ascii, between, type Expression, either, optional, repeat, sequence } from './expression.ts';
import { digit } from './number-range.ts';

const anyOf = (texts: readonly string[]): Expression => either(...texts.map(ascii));
const two = (low: number, high: number): Expression =>
  anyOf(Array.from({ length: high - low + 1 }, (_, i) => String(low + i).padStart(2, '0')));
const digits = (count: number): Expression => repeat(digit, count, count);

const fours = Array.from({ length: 24 }, (_, i) => String(4 * (i + 1)).padStart(2, '0'));
const leapYear = either(sequence(digits(2), anyOf(fours)), sequence(anyOf(['00', ...fours]), ascii('00')));
const dash = ascii('-');
const date = either(
  sequence(digits(4), dash, anyOf(['01', '03', '05', '07', '08', '10', '12']), dash, two(1, 31)),
  sequence(digits(4), dash, anyOf(['04', '06', '09', '11']), dash, two(1, 30)),
  sequence(digits(4), dash, ascii('02'), dash, two(1, 28)),
  sequence(leapYear, dash, ascii('02'), dash, ascii('29')),
);

const colon = ascii(':');
const offset = either(ascii('Z'), sequence(either(ascii('+'), dash), two(0, 23), colon, two(0, 59)));
const fraction = optional(sequence(ascii('.'), repeat(digit, 1, 9)));
/** RFC 3339's full-time, without leap seconds. */
const time = sequence(two(0, 23), colon, two(0, 59), colon, two(0, 59), fraction, offset);

const hex = (count: number): Expression => repeat(either(digit, between('a', 'f'), between('A', 'F')), count, count);

export const FORMATS: ReadonlyMap<string, Expression> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', sequence(date, ascii('T'), time)],
  ['uuid', sequence(hex(8), dash, hex(4), dash, hex(4), dash, hex(4), dash, hex(12))],
]);
