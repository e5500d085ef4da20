import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteStringOfText } from '../../text/utf8.ts';
import { DEAD } from './byte-automaton.ts';
import { compileExpression } from './byte-dfa.ts';
import { UnsupportedSchemaError } from './json-errors.ts';
import { readPattern } from './pattern.ts';
import { WorkBudget } from './work-budget.ts';

/** Whether a string matches, as the automaton has it. */
function matcher(pattern: string): (text: string) => boolean {
  const automaton = compileExpression(readPattern(pattern, '#'), new WorkBudget());
  return (text) => {
    const bytes = byteStringOfText(JSON.stringify(text).slice(1, -1));
    let state = automaton.start;
    for (let i = 0; i < bytes.length && state !== DEAD; i++) state = automaton.next(state, bytes.charCodeAt(i));
    return state !== DEAD && automaton.accepts(state);
  };
}

/** Undefined if the pattern needs too many states. */
function matcherOrNone(pattern: string): ((text: string) => boolean) | undefined {
  try {
    return matcher(pattern);
  } catch (error) {
    if (error instanceof UnsupportedSchemaError && /too many states/.test(error.message)) return undefined;
    throw error;
  }
}

const text = fc.string({ unit: fc.constantFrom(...'ab01 -_\n"\\é𝄞.'), maxLength: 8 });

describe('readPattern', () => {
  test.each([
    '^a*b$',
    'a',
    '^(a|b0)+',
    'b$|^a$',
    '^$',
    '^[a-b]{2,3}$',
    '^[^a0\\n]*$',
    '^\\d{2,}$',
    '^\\w+\\s\\w*$',
    '^\\W|\\S\\D$',
    '^.{3}$',
    '^(?:a(?<name>b|0)?){1,2}?$',
    '^[\\d_\\-"\\\\]+$',
    '^\\u{1d11e}|\\xe9|\\u00e9a',
    '^a??b*?0+?$',
    '^(a|)b$',
    '^[.]\\.\\/$',
    '^(|a{0}b{0,1})$',
  ])('matches what %s matches', (source) => {
    const expected = new RegExp(source, 'u');
    const matches = matcher(source);
    // Most texts do not match, so some are made from the pattern itself.
    fc.assert(
      fc.property(fc.oneof(text, fc.stringMatching(expected)), (one) => {
        expect(matches(one)).toBe(expected.test(one));
      }),
      { numRuns: 1000 },
    );
  });

  test('any pattern of the known parts', () => {
    const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
      pattern: fc.array(tie('part'), { maxLength: 3 }).map((parts) => parts.join('')),
      part: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\S', 'é', '"', '\\\\', '\\n'),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}'))
          .map(([a, times]) => `(?:${a})${times}`),
      ),
    }));
    const anchored = fc
      .tuple(fc.constantFrom('', '^'), pattern, fc.constantFrom('', '$'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(anchored, fc.array(text, { minLength: 1, maxLength: 20 }), (source, texts) => {
        const matches = matcherOrNone(source);
        fc.pre(matches !== undefined);
        for (const one of texts) expect(matches(one), `${source} on ${one}`).toBe(new RegExp(source, 'u').test(one));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '\\bword',
    '\\p{L}',
    'a$b',
    '(^a)',
    '(a$)',
    'a**',
    '*',
    '(',
    ')',
    '[a',
    '[b-a]',
    'a{2',
    'a{3,2}',
    '\\',
    '\\u12',
    '\\ud800',
    '(?<>a)',
    '\\k<a>',
    '{',
    '[\\d-z]',
    `${'('.repeat(60)}${')'.repeat(60)}`,
  ])('refuses %s', (source) => {
    const read = () => readPattern(source, '#/properties/x');
    expect(read).toThrow(UnsupportedSchemaError);
    expect(read).toThrow(/"pattern" at #\/properties\/x/);
  });

  test.each(['^(a|b)*a(a|b){40}$', '^.{900000000}$', '^((.{1000}){1000}){1000}$', '^(((a{0}){999999999}){9}){9}$'])(
    'refuses %s, which needs too many states',
    (source) => {
      expect(() => matcher(source)).toThrow(/too many states/);
    },
  );
});
