// The automata for strings and numbers that a schema says more about than their type.

import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import { compileExpression, intersect } from './byte-dfa.ts';
import { ascii, type Expression, jsonCharacter, repeat, sequence } from './expression.ts';
import { UnsupportedSchemaError } from './json-errors.ts';
import { ANY_CHARACTER, INTEGER, NUMBER, STRING, STRING_BODY } from './json-texts.ts';
import { TextMachine } from './machine.ts';
import { atLeast, atMost, type Bound, isComparable } from './number-range.ts';
import { readPattern } from './pattern.ts';
import type { Facts } from './schema-facts.ts';
import { FORMATS } from './string-formats.ts';
import type { WorkBudget } from './work-budget.ts';

/** Makes what is asked for several times once, as schemas repeat their patterns and ranges. */
export class ScalarAutomata {
  private readonly budget: WorkBudget;
  private readonly made = new Map<string, ByteAutomaton>();

  constructor(budget: WorkBudget) {
    this.budget = budget;
  }

  /** A machine for the strings that fit; undefined if none does. */
  string({ patterns, formats, minLength, maxLength }: Facts): TextMachine | undefined {
    if (minLength > maxLength) return undefined;
    const forms = [
      ...patterns.map(({ source, path }) =>
        this.make(`pattern ${source}`, () => {
          this.budget.spend(20 * source.length, 'a pattern is too long');
          return quoted(readPattern(source, path));
        }),
      ),
      ...[...new Set(formats)].flatMap((format) => {
        const expression = FORMATS.get(format);
        return expression ? [this.make(`format ${format}`, () => quoted(expression))] : [];
      }),
    ];
    const hasLength = minLength > 0 || maxLength < Number.POSITIVE_INFINITY;
    if (forms.length === 0) {
      return new TextMachine(STRING, hasLength ? { min: minLength, max: maxLength, body: STRING_BODY } : undefined);
    }
    if (hasLength) {
      const characters = repeat(jsonCharacter(ANY_CHARACTER), minLength, maxLength);
      forms.push(this.make(`length ${minLength} ${maxLength}`, () => quoted(characters)));
    }
    return this.all(forms);
  }

  /** The same for numbers, or integers only. */
  number({ lowest, highest, path }: Facts, integers: boolean): TextMachine | undefined {
    const forms: ByteAutomaton[] = [];
    for (const [bounds, sign, compare] of [
      [lowest, 1, atLeast],
      [highest, -1, atMost],
    ] as const) {
      for (const given of bounds) {
        const bound = integers ? roundedBound(given, sign) : given;
        // Numbers with so many digits are not written, so they need not be kept out.
        if (bound.value * sign <= -1e21) continue;
        if (!isComparable(bound)) {
          const keyword = sign > 0 ? 'minimum' : 'maximum';
          throw UnsupportedSchemaError.keyword(keyword, path, `${bound.value} has too many digits`, 'round it');
        }
        const key = `${integers} ${sign} ${bound.value} ${bound.exclusive}`;
        forms.push(this.make(key, () => compare(bound, integers)));
      }
    }
    return forms.length === 0 ? new TextMachine(integers ? INTEGER : NUMBER) : this.all(forms);
  }

  private make(key: string, expression: () => Expression): ByteAutomaton {
    let automaton = this.made.get(key);
    if (!automaton) {
      automaton = compileExpression(expression(), this.budget);
      this.made.set(key, automaton);
    }
    return automaton;
  }

  private all(forms: readonly ByteAutomaton[]): TextMachine | undefined {
    const automaton = forms.reduce((a, b) => intersect(a, b, this.budget));
    return automaton.start === DEAD ? undefined : new TextMachine(automaton);
  }
}

const quoted = (contents: Expression): Expression => sequence(ascii('"'), contents, ascii('"'));

/** The nearest integer inside, `sign` 1 for the lower bound, −1 for the upper. */
function roundedBound({ value, exclusive }: Bound, sign: 1 | -1): Bound {
  const inside = sign > 0 ? Math.ceil(value) : Math.floor(value);
  return { value: inside, exclusive: exclusive && inside === value };
}
