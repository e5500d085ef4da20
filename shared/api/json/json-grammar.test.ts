import { describe, expect, test } from 'vitest';
import { byteStringOfText } from '../../text/utf8.ts';
import { Acceptor, type State } from './acceptor.ts';
import { InvalidSchemaError, UnsupportedSchemaError } from './json-errors.ts';
import { anyJsonObject, compileJsonSchema, type JsonGrammar } from './json-grammar.ts';

/** Whether the whole text may be written. */
function accepts(grammar: JsonGrammar, text: string): boolean {
  const acceptor = new Acceptor(grammar.root);
  const bytes = byteStringOfText(text);
  let state: State | undefined = acceptor.start;
  for (let i = 0; i < bytes.length && state; i++) state = acceptor.step(state, bytes.charCodeAt(i));
  return state?.mayEnd ?? false;
}

const string = { type: 'string' };
const integer = { type: 'integer' };

function expectTexts(schema: unknown, good: readonly string[], bad: readonly string[]): void {
  const grammar = compileJsonSchema(schema);
  expect(good.filter((text) => !accepts(grammar, text))).toEqual([]);
  expect(bad.filter((text) => accepts(grammar, text))).toEqual([]);
}

describe('texts', () => {
  test('any object', () => {
    const grammar = anyJsonObject();
    for (const value of [{}, { a: [1, { b: [[], {}] }], 'é"\n': null }, { a: { a: { a: true } } }]) {
      for (const indent of [0, 2, '\t']) expect(accepts(grammar, JSON.stringify(value, null, indent))).toBe(true);
    }
    for (const text of ['[]', '1', '', '{', '{"a"}', '{"a":1,}', '{a:1}', '{"a":1}}', '{"a":1} ', "{'a':1}"]) {
      expect(accepts(grammar, text)).toBe(false);
    }
  });

  test('white space is bounded', () => {
    expectTexts(
      { type: 'array', items: integer },
      ['[1,2]', ' [1, 2]', '\n[\n  1,\n  2\n]', '[ 1 ]', '[]', '[ ]', '[\n]'],
      ['[1,  2]', '[\n\n1]', '  []', '[1 ,2]', '[] ', '[]\n', `[\n${' '.repeat(41)}1]`],
    );
    expectTexts({ properties: { a: integer } }, ['{"a":1}', '{"a": 1}'], ['{"a" :1}', '{"a":  1}', '{"a":\n1}']);
  });

  test('strings have JSON’s escapes, UTF-8, and no lone surrogates', () => {
    expectTexts(
      string,
      ['""', '"é𝄞"', String.raw`"\"\\\/\b\f\n\r\t"`, String.raw`"\u00e9\uD834\udd1e\uffFF"`, '"\u007f"'],
      ['"', '"\n"', '"\t"', String.raw`"\x"`, String.raw`"\u12"`, String.raw`"\ud834"`, String.raw`"\udd1e"`].concat([
        String.raw`"\ud834\n"`,
        String.raw`"\ud834\u0041"`,
        '"a""',
        "'a'",
      ]),
    );
    const acceptor = new Acceptor(compileJsonSchema(string).root);
    const reads = (...bytes: number[]) =>
      bytes.reduce((state: State | undefined, byte) => state && acceptor.step(state, byte), acceptor.start);
    expect(reads(0x22, 0xc3, 0xa9)).toBeDefined();
    expect(reads(0x22, 0xc3, 0x22)).toBeUndefined();
    expect(reads(0x22, 0x80)).toBeUndefined();
    expect(reads(0x22, 0xc0)).toBeUndefined(); // overlong
    expect(reads(0x22, 0xed, 0xa0)).toBeUndefined(); // a surrogate
    expect(reads(0x22, 0xf4, 0x90)).toBeUndefined(); // past the last character
  });

  test('the length of strings is counted in characters', () => {
    expectTexts(
      { type: 'string', minLength: 2, maxLength: 3 },
      ['"ab"', '"é𝄞"', String.raw`"\ud834\udd1eab"`, String.raw`"\n\n\u0041"`],
      ['""', '"a"', '"𝄞"', '"abcd"', String.raw`"\ud834\udd1e"`],
    );
    expectTexts({ type: 'string', minLength: 1 }, ['"a"', '"aaaaaaaaaa"'], ['""']);
    expectTexts({ type: 'string', maxLength: 0 }, ['""'], ['"a"']);
  });

  test('numbers', () => {
    const numbers = ['0', '-0', '1', '-12.5', '1e5', '1.5E-7', '1.7976931348623157e+308', '0.000001', '5e-324'];
    expectTexts({ type: 'number' }, numbers, [
      '01',
      '.5',
      '1.',
      '+1',
      '1e',
      '--1',
      'NaN',
      '-',
      `1${'0'.repeat(30)}`,
      '2e308',
      '1e309',
      '10e307',
    ]);
    expectTexts(integer, ['0', '-7', '9007199254740991'], ['1.0', '1e3', '-0', '007']);
    expectTexts({ type: 'integer', minimum: -3, exclusiveMaximum: 12 }, ['-3', '0', '9', '11'], ['-4', '12', '100']);
    expectTexts({ type: 'integer', minimum: 0.5, maximum: 2.5 }, ['1', '2'], ['0', '3']);
    expectTexts({ type: 'number', minimum: 0, maximum: 1 }, ['0', '0.5', '1', '1.0'], ['-0.1', '1.01', '2', '1e0']);
    expectTexts({ type: 'number', maximum: 1e300 }, ['1', '-1e5'], []);
  });

  test('properties come in the schema’s order, required ones always', () => {
    const schema = { type: 'object', properties: { a: integer, b: integer, c: integer }, required: ['b'] };
    expectTexts(
      schema,
      ['{"b":1}', '{"a":1,"b":2}', '{"b":1,"c":2}', '{"a":1,"b":2,"c":3}'],
      ['{}', '{"a":1}', '{"c":1}', '{"b":1,"a":2}', '{"a":1,"c":3}', '{"b":1,"b":1}', '{"b":1,"d":1}', '{"b":"1"}'],
    );
  });

  test('other properties, where they are allowed, come last and are none of those listed', () => {
    const schema = { properties: { a: integer, b: integer }, required: ['b'], additionalProperties: string };
    expectTexts(
      schema,
      ['{"b":1,"c":"x"}', '{"b":1,"":"x","aa":"y","é\\n":"z"}'],
      ['{"b":1,"a":"x"}', '{"b":1,"\\u0061":"x"}', '{"c":"x","b":1}', '{"c":"x"}', '{"b":1,"c":1}', '{"b":1,"b":"x"}'],
    );
    expectTexts({ additionalProperties: integer }, ['{}', '{"x":1,"y":2}'], ['{"x":"1"}']);
    expectTexts({ properties: {} }, ['{}'], ['{"a":1}']);
    expectTexts({ properties: { a: false }, additionalProperties: true }, ['{"b":1}'], ['{"a":1}']);
    expectTexts({ required: ['x'] }, ['{"x":[]}', '{"x":1,"y":2}'], ['{}', '{"y":1}']);
    expectTexts({ properties: { ['__proto__']: integer, constructor: string } }, ['{"__proto__":1}'], ['{"a":1}']);
  });

  test('arrays', () => {
    expectTexts({ items: integer, minItems: 1, maxItems: 2 }, ['[1]', '[1,2]'], ['[]', '[1,2,3]', '["a"]']);
    const tuple = { prefixItems: [integer, string], items: { type: 'null' }, minItems: 1 };
    expectTexts(tuple, ['[1]', '[1,"a"]', '[1,"a",null,null]'], ['[]', '["a"]', '[1,"a",2]']);
    expectTexts({ prefixItems: [integer], items: false }, ['[]', '[1]'], ['[1,2]']);
    expectTexts({ items: [integer, string], additionalItems: false }, ['[1,"a"]'], ['[1,"a",2]']);
    expectTexts({ prefixItems: [integer, false] }, ['[]', '[1]'], ['[1,2]']);
    expectTexts({ type: 'array' }, ['[]', '[1,"a",[{}]]'], ['[1,]', '{}']);
  });

  test('enumerations, constants and types', () => {
    const values = ['a', 'ab', 1, 12, null, true, { x: [1, 'é"'] }];
    expectTexts(
      { enum: values },
      values.map((value) => JSON.stringify(value)),
      ['"b"', '2', '123', 'false', '{}'],
    );
    expectTexts({ const: 'x' }, ['"x"'], ['"y"', '"x']);
    expectTexts({ type: ['string', 'null'], enum: ['a', 1, null] }, ['"a"', 'null'], ['1']);
    expectTexts({ type: 'integer', enum: [1, 1.5, 30], maximum: 20 }, ['1'], ['1.5', '30']);
    expectTexts({ type: ['integer', 'null', 'boolean'] }, ['1', 'null', 'true'], ['1.5', '"a"', '[]']);
    expectTexts(true, ['1', '"a"', '{"a":[null]}'], ['', 'nul']);
  });

  test('alternatives and combinations', () => {
    expectTexts({ anyOf: [integer, { type: 'array', items: integer }] }, ['1', '[1]'], ['"a"', '["a"]']);
    const tagged = (kind: string, rest: object) => ({
      properties: { kind: { const: kind }, ...rest },
      required: ['kind', ...Object.keys(rest)],
    });
    const shape = { oneOf: [tagged('circle', { r: integer }), tagged('square', { side: integer })] };
    expectTexts(shape, ['{"kind":"circle","r":1}', '{"kind":"square","side":1}'], ['{"kind":"circle","side":1}']);
    const both = { allOf: [{ properties: { a: integer }, required: ['a'] }, { properties: { b: string } }] };
    expectTexts(both, ['{"a":1}', '{"a":1,"b":"x"}'], ['{"b":"x"}', '{"a":1,"c":1}']);
    const narrowed = { properties: { a: { type: 'number', minimum: 1 } }, allOf: [{ properties: { a: integer } }] };
    expectTexts(narrowed, ['{"a":2}'], ['{"a":0}', '{"a":1.5}']);
    const either = { properties: { a: integer, b: integer }, anyOf: [{ required: ['a'] }, { required: ['b'] }] };
    expectTexts(either, ['{"a":1}', '{"b":1}', '{"a":1,"b":1}'], ['{}']);
    const closed = { allOf: [{ properties: { a: integer, b: integer } }, { properties: { a: {} }, additionalProperties: false }] }; // biome-ignore format: one line
    expectTexts(closed, ['{}', '{"a":1}'], ['{"b":1}']);
    expectTexts({ allOf: [{ enum: [1, 2, 3] }, { enum: [2, 3, 4] }, { maximum: 2 }] }, ['2'], ['1', '3', '4']);
  });

  test('references, to themselves too', () => {
    const tree = { $defs: { node: { properties: { v: integer, kids: { items: { $ref: '#/$defs/node' } } } } }, $ref: '#/$defs/node' }; // biome-ignore format: one line
    expectTexts(tree, ['{"v":1,"kids":[{"v":2,"kids":[]},{}]}'], ['{"v":1,"kids":[{"v":"x"}]}']);
    const list = { properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } }, required: ['next'] };
    expectTexts(list, ['{"next":null}', '{"next":{"next":null}}'], ['{}', '{"next":{}}']);
    const named = { definitions: { 'a/b~c d': integer }, items: { $ref: '#/definitions/a~1b~0c%20d' } };
    expectTexts(named, ['[1]'], ['["a"]']);
    const narrowed = { $defs: { n: { type: 'integer' } }, $ref: '#/$defs/n', minimum: 5 };
    expectTexts(narrowed, ['5'], ['4']);
    // A schema that is one of its own alternatives is the others.
    expectTexts({ anyOf: [{ $ref: '#' }, integer] }, ['1'], ['"a"']);
    // Combinations of schemas that lead to ever the same ones.
    const crossed = {
      $defs: { a: { properties: { n: { $ref: '#/$defs/a' } } }, b: { properties: { n: { $ref: '#/$defs/b' } } } },
      allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }],
    };
    expectTexts(crossed, ['{"n":{"n":{}}}'], ['{"m":1}']);
  });

  test('patterns and formats', () => {
    expectTexts({ type: 'string', pattern: '^[A-Z]{2}\\d$' }, ['"AB1"'], ['"AB"', '"ab1"', '"AB12"']);
    expectTexts({ pattern: '^a+$', minLength: 2, maxLength: 3 }, ['"aa"', '"aaa"'], ['"a"', '"aaaa"']);
    expectTexts({ format: 'date' }, ['"2024-02-29"', '"2000-02-29"', '"2023-12-31"'], ['"2023-02-29"', '"1900-02-29"'].concat('"2023-04-31"')); // biome-ignore format: one line
    expectTexts({ format: 'date-time' }, ['"2024-01-01T23:59:59Z"', '"2024-01-01T00:00:00.123+01:00"'], ['"2024-01-01"', '"2024-01-01T24:00:00Z"']); // biome-ignore format: one line
    expectTexts({ format: 'uuid' }, ['"123e4567-e89b-12d3-a456-426614174000"'], ['"123e4567"']);
    expectTexts({ type: 'string', format: 'poem' }, ['"any"'], []);
  });

  test('annotations say nothing', () => {
    const words = { title: 't', description: 'd', default: 1, examples: [1], $schema: 's', $id: 'i', $comment: 'c' };
    expectTexts({ ...words, 'x-order': 1, deprecated: true, type: 'integer' }, ['5'], ['"a"']);
  });
});

/** Why a schema is refused, after the name of the error. */
function refusalOf(schema: unknown): string {
  try {
    compileJsonSchema(schema);
  } catch (error) {
    if (error instanceof InvalidSchemaError || error instanceof UnsupportedSchemaError) {
      return `${error.name}: ${error.message}`;
    }
    throw error;
  }
  return 'none';
}

describe('refusals', () => {
  test.each([
    ['multipleOf', { properties: { a: { type: 'integer', multipleOf: 5 } } }, /"multipleOf" at #\/properties\/a/],
    ['not', { not: string }, /"not" at #/],
    ['if', { if: string }, /"if"/],
    ['uniqueItems', { items: { type: 'array', uniqueItems: true } }, /"uniqueItems" at #\/items/],
    ['patternProperties', { $defs: { a: { patternProperties: {} } }, $ref: '#/$defs/a' }, /at #\/\$defs\/a/],
    ['a word of no standard', { properties: { a: { types: 'string' } } }, /"types"/],
    ['references elsewhere', { $ref: 'https://example.org/schema' }, /"\$ref"/],
    ['anchors', { $ref: '#name' }, /"\$ref"/],
    ['a pattern that is not regular', { properties: { a: { pattern: '(?=a)' } } }, /"pattern" at #\/properties\/a/],
    ['tiny bounds', { type: 'number', minimum: 1e-9 }, /"minimum"/],
    ['enumerated objects with properties', { enum: [{ a: 1 }], properties: {} }, /"enum"/],
    ['counts beyond reason', { type: 'string', minLength: 1e12 }, /"minLength"/],
  ])('%s', (_, schema, message) => {
    expect(refusalOf(schema)).toMatch(/^UnsupportedSchemaError: /);
    expect(refusalOf(schema)).toMatch(message);
  });

  test.each([
    ['a type that is none', { type: 'text' }, /"type"/],
    ['no schema at all', { properties: { a: 5 } }, /#\/properties\/a/],
    ['null', null, /no schema/],
    ['a reference to nothing', { $ref: '#/$defs/a' }, /nothing at "#\/\$defs\/a"/],
    ['a reference into a prototype', { $ref: '#/constructor' }, /nothing/],
    ['required but not listed', { properties: { a: string }, required: ['b'] }, /"b" is required/],
    ['counts that are none', { type: 'string', minLength: -1 }, /"minLength"/],
    ['bounds that cross', { type: 'integer', minimum: 5, maximum: 4 }, /no value/],
    ['lengths that cross', { type: 'string', minLength: 5, maxLength: 4 }, /no value/],
    ['patterns that exclude each other', { allOf: [{ pattern: '^a$' }, { pattern: '^b$' }] }, /no value/],
    ['itself', { $ref: '#' }, /no value/],
    ['a circle', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }, /no value/],
    ['all of itself', { allOf: [{ $ref: '#' }, string] }, /no value/],
    ['a value that contains itself', { properties: { a: { $ref: '#' } }, required: ['a'] }, /no value/],
    ['items without end', { items: { $ref: '#' }, minItems: 1 }, /no value/],
    ['no alternatives', { anyOf: [] }, /"anyOf"/],
    ['an empty enumeration', { enum: [] }, /no value/],
    ['an old exclusive bound', { type: 'number', minimum: 1, exclusiveMinimum: true }, /"exclusiveMinimum"/],
  ])('%s', (_, schema, message) => {
    expect(refusalOf(schema)).toMatch(/^InvalidSchemaError: /);
    expect(refusalOf(schema)).toMatch(message);
  });

  const nested = (depth: number): unknown => {
    let schema: object = string;
    for (let i = 0; i < depth; i++) schema = { items: schema };
    return schema;
  };
  const chain = (length: number, of: (next: object) => object): unknown => {
    const $defs: Record<string, object> = { [`d${length}`]: string };
    for (let i = 0; i < length; i++) $defs[`d${i}`] = of({ $ref: `#/$defs/d${i + 1}` });
    return { $defs, $ref: '#/$defs/d0' };
  };
  const numbered = (count: number, of: (i: number) => unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, of(i)]));

  test.each([
    ['deep nesting', nested(5000)],
    ['a long chain of references', chain(5000, (next) => next)],
    ['alternatives that double', chain(60, (next) => ({ anyOf: [next, next] }))],
    ['combinations that double', chain(60, (next) => ({ allOf: [next, next] }))],
    ['combinations that multiply', { allOf: Array(20).fill({ anyOf: [{ minLength: 1 }, { maxLength: 9 }] }) }],
    ['many alternatives', { anyOf: Array.from({ length: 1000 }, (_, i) => ({ const: i })) }],
    ['many values', { enum: Array.from({ length: 60_000 }, (_, i) => i) }],
    ['long values', { enum: Array.from({ length: 2000 }, (_, i) => `${i}`.repeat(200)) }],
    ['many patterns', { properties: numbered(2000, (i) => ({ pattern: `^(a|b)*a(a|b){6}c{${i}}$` })) }],
    ['many ranges', { properties: numbered(9000, (i) => ({ type: 'integer', minimum: -i, maximum: 1e9 + i })) }],
    ['one huge pattern', { pattern: `^${'(a|b)*c'.repeat(20_000)}$` }],
    ['a pattern of a huge length', { pattern: '^(a|b)*$', minLength: 1_000_000 }],
    [
      'combinations without end',
      { allOf: Array.from({ length: 9000 }, (_, i) => ({ properties: { a: { const: i } } })) },
    ],
  ])('%s', (_, schema) => {
    expect(refusalOf(schema)).toMatch(/^UnsupportedSchemaError: .*too large/);
  });

  test('what is only long is read', () => {
    const values = Array.from({ length: 1500 }, (_, i) => `value ${i}`);
    expectTexts({ enum: values }, ['"value 0"', '"value 1499"'], ['"value 1500"']);
    const properties = numbered(1000, () => integer);
    expectTexts({ properties }, ['{}', '{"p999":1}', '{"p0":1,"p500":2}'], ['{"p500":1,"p499":1}']);
    expectTexts({ type: 'string', minLength: 1e9 }, [], ['"a"']);
    expectTexts({ items: integer, minItems: 1e9 }, [], ['[1]']);
    expectTexts({ type: 'string', pattern: '^.{1,400}$' }, [`"${'x'.repeat(400)}"`], [`"${'x'.repeat(401)}"`]);
    expectTexts(nested(50), [`${'['.repeat(50)}"a"${']'.repeat(50)}`], ['["a"]']);
    const deep = '['.repeat(20_000);
    expectTexts({ items: { $ref: '#' } }, [deep + ']'.repeat(20_000)], [deep]);
  });

  test('a schema that allows the same text in ever more ways is still read, by some of them', () => {
    const two = { $defs: { a: { items: { $ref: '#/$defs/v' } }, b: { items: { $ref: '#/$defs/v' }, maxItems: 9 }, v: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }] } }, $ref: '#/$defs/v' }; // biome-ignore format: one line
    expectTexts(two, ['[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]'], ['[[[[[[[[[[[[[[[[]]]']);
  });
});
