import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../../engine/random.ts';
import { byteStringOfText } from '../../text/utf8.ts';
import { Acceptor, type State } from './acceptor.ts';
import { compileJsonSchema } from './json-grammar.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Schema = Record<string, unknown>;

/** A schema, and values that fit it, their properties in its order. */
interface Case {
  readonly schema: Schema | boolean;
  readonly values: fc.Arbitrary<Json>;
}

/** What the standard says of a value, written down as it says it. It knows what the generator below makes. */
function isValid(schema: Schema | boolean, value: Json, root: Schema): boolean {
  if (typeof schema === 'boolean') return schema;
  const all = (list: unknown, check: (one: Schema) => boolean): boolean => ((list ?? []) as Schema[]).every(check);
  const is = (one: unknown): boolean => isValid(one as Schema, value, root);
  if (schema.$ref !== undefined) {
    const name = (schema.$ref as string).replace('#/$defs/', '');
    if (!is(schema.$ref === '#' ? root : (root.$defs as Record<string, Schema>)[name])) return false;
  }
  if (!all(schema.allOf, is)) return false;
  for (const keyword of ['anyOf', 'oneOf'])
    if (schema[keyword] && !(schema[keyword] as Schema[]).some(is)) return false;
  const same = (one: unknown): boolean => JSON.stringify(one) === JSON.stringify(value);
  if (schema.enum && !(schema.enum as unknown[]).some(same)) return false;
  if ('const' in schema && !same(schema.const)) return false;
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types && !types.some((type) => hasType(type as string, value))) return false;
  const number = (keyword: string, otherwise: number) => (schema[keyword] as number | undefined) ?? otherwise;
  if (typeof value === 'number') {
    return (
      value >= number('minimum', -Infinity) &&
      value <= number('maximum', Infinity) &&
      value > number('exclusiveMinimum', -Infinity) &&
      value < number('exclusiveMaximum', Infinity)
    );
  }
  if (typeof value === 'string') {
    const { length } = [...value];
    if (schema.pattern && !new RegExp(schema.pattern as string, 'u').test(value)) return false;
    return length >= number('minLength', 0) && length <= number('maxLength', Infinity) && value.isWellFormed();
  }
  if (Array.isArray(value)) {
    if (value.length < number('minItems', 0) || value.length > number('maxItems', Infinity)) return false;
    const prefix = (schema.prefixItems ?? []) as Schema[];
    return value.every((item, i) => isValid(prefix[i] ?? (schema.items as Schema | undefined) ?? true, item, root));
  }
  if (typeof value !== 'object' || value === null) return true;
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  if (!all(schema.required, (name) => Object.hasOwn(value, name as unknown as string))) return false;
  const others = (schema.additionalProperties ?? true) as Schema | boolean;
  return Object.entries(value).every(([name, one]) =>
    isValid(Object.hasOwn(properties, name) ? properties[name]! : others, one, root),
  );
}

function hasType(type: string, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const text = fc.string({ unit: 'binary', maxLength: 6 });
const anyValue: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const anyInteger = fc.integer({ min: -3000, max: 3000 });

const scalar: fc.Arbitrary<Case> = fc.oneof(
  fc.constant({ schema: { type: 'string' }, values: text }),
  fc.constant({ schema: { type: 'number' }, values: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  fc.constant({ schema: { type: 'integer' }, values: fc.maxSafeInteger() }),
  fc.constant({ schema: { type: 'boolean' }, values: fc.boolean() }),
  fc.constant({ schema: { type: ['null', 'boolean'] }, values: fc.constantFrom(null, true) }),
  fc.constant({ schema: { type: 'string', pattern: '^[a-cé]+\\d*$' }, values: fc.constantFrom('aé1', 'ccc') }),
  fc.constant({ schema: { type: 'object' }, values: fc.dictionary(text, anyValue, { maxKeys: 3 }) }),
  fc.constant({ schema: true, values: anyValue }),
  fc.tuple(fc.nat(3), fc.nat(3)).map(([min, more]) => ({
    schema: { type: 'string', minLength: min, maxLength: min + more },
    values: fc.string({ unit: 'binary', minLength: min, maxLength: min + more }),
  })),
  fc.tuple(anyInteger, fc.nat(2000)).map(([min, more]) => ({
    schema: { type: 'integer', minimum: min, exclusiveMaximum: min + more + 1 },
    values: fc.integer({ min, max: min + more }),
  })),
  fc.tuple(anyInteger, fc.nat(200)).map(([low, more]) => ({
    schema: { type: 'number', minimum: low / 8, maximum: (low + more) / 8 },
    values: fc.integer({ min: low, max: low + more }).map((n) => n / 8),
  })),
  fc.array(anyValue, { minLength: 1, maxLength: 4 }).map((list) => ({
    schema: { enum: list },
    values: fc.constantFrom(...list),
  })),
  text.map((constant) => ({ schema: { const: constant }, values: fc.constant(constant) })),
);

const key = fc.oneof(fc.constantFrom('a', 'ab', 'b', '"', 'é', '__proto__'), text);

/** Objects whose properties are in a schema's order; a null prototype would not compare, `__proto__` must be a key. */
function objectOf(entries: readonly (readonly [string, Json])[]): Json {
  const made: Record<string, Json> = {};
  for (const [name, value] of entries) Object.defineProperty(made, name, { value, enumerable: true, writable: true, configurable: true }); // biome-ignore format: one line
  return made;
}

/** JavaScript puts names that look like indexes first, whatever the order in which they are written. */
const isIndex = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name);

const { any } = fc.letrec<{ any: Case; object: Case; array: Case; tuple: Case; union: Case }>((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, scalar, tie('object'), tie('array'), tie('tuple'), tie('union')),
  object: fc
    .record({
      properties: fc.uniqueArray(fc.tuple(key, tie('any'), fc.boolean()), { maxLength: 4, selector: ([name]) => name }),
      others: fc.option(tie('any')),
    })
    .map(({ properties, others }): Case => {
      const listed = properties.filter(([name]) => !isIndex(name));
      const names = listed.map(([name]) => name);
      const entries = listed.map(
        ([name, { values }, required]) =>
        required ? values.map((value) => [[name, value] as const]) : fc.oneof(fc.constant([]), values.map((value) => [[name, value] as const])), // biome-ignore format: one line
      );
      const more = fc
        .dictionary(
          text.filter((name) => !isIndex(name) && !names.includes(name)),
          others?.values ?? anyValue,
          { maxKeys: 2 },
        )
        .map((extra) => (others ? Object.entries(extra) : []));
      return {
        schema: {
          type: 'object',
          properties: objectOf(listed.map(([name, { schema }]) => [name, schema as Json])),
          required: listed.filter(([, , required]) => required).map(([name]) => name),
          ...(others ? { additionalProperties: others.schema } : {}),
        },
        values: fc.tuple(...entries, more).map((parts) => objectOf(parts.flat())),
      };
    }),
  array: fc.tuple(tie('any'), fc.nat(2), fc.nat(2)).map(([item, min, more]) => ({
    schema: { type: 'array', items: item.schema, minItems: min, maxItems: min + more },
    values: fc.array(item.values, { minLength: min, maxLength: min + more }),
  })),
  tuple: fc.tuple(fc.array(tie('any'), { maxLength: 3 }), tie('any')).map(([prefix, rest]) => ({
    schema: { type: 'array', prefixItems: prefix.map(({ schema }) => schema), items: rest.schema },
    values: fc
      .tuple(fc.tuple(...prefix.map(({ values }) => values)), fc.array(rest.values, { maxLength: 2 }))
      .map((parts) => parts.flat(1) as Json[]),
  })),
  union: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((cases) => ({
    schema: { anyOf: cases.map(({ schema }) => schema) },
    values: fc.oneof(...cases.map(({ values }) => values)),
  })),
}));

const read = (acceptor: Acceptor, bytes: string): State | undefined => {
  let state: State | undefined = acceptor.start;
  for (let i = 0; i < bytes.length && state; i++) state = acceptor.step(state, bytes.charCodeAt(i));
  return state;
};

test('every value that fits may be written, in one line or indented', () => {
  const pair = any.chain(({ schema, values }) => fc.tuple(fc.constant(schema), values));
  fc.assert(
    fc.property(pair, fc.constantFrom(undefined, 2, '\t'), ([schema, value], indent) => {
      expect(isValid(schema, value, {})).toBe(true); // the generator keeps its word
      const acceptor = new Acceptor(compileJsonSchema(schema).root);
      const written = JSON.stringify(value, null, indent);
      expect(read(acceptor, byteStringOfText(written))?.mayEnd, written).toBe(true);
    }),
    { numRuns: 800 },
  );
});

/** Bytes of a text that a machine writes who chooses by `random`, and after some time whatever ends it soonest. */
function writeAtRandom(acceptor: Acceptor, random: () => number, patience: number): string {
  let state = acceptor.start;
  let written = '';
  // Inside a string all of these are characters, of which the quote ends it.
  const closing = (inString: boolean) => [...(inString ? '"' : '}],:"')].map((character) => character.charCodeAt(0));
  for (;;) {
    const able = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => acceptor.step(state, byte));
    if (able.length === 0 && !state.mayEnd) throw new Error(`stuck after ${written}`);
    const hurries = written.length > patience;
    if (state.mayEnd && (hurries || able.length === 0 || random() < 0.3)) return written;
    if (written.length > 20 * patience + 3000) throw new Error(`no end after ${written}`);
    const soonest = hurries ? closing(able.length > 60).find((byte) => able.includes(byte)) : undefined;
    // Rare bytes of many kinds, or strings would be all of letters no one knows.
    const ascii = able.filter((byte) => byte < 0x80);
    const choices = ascii.length > 0 && random() < 0.8 ? ascii : able;
    const byte = soonest ?? choices[Math.floor(random() * choices.length)]!;
    written += String.fromCharCode(byte);
    state = acceptor.step(state, byte)!;
  }
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test('whatever is written is JSON and fits', () => {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const recursive: Schema = {
    $defs: {
      tree: { properties: { v: { type: 'integer' }, kids: { items: { $ref: '#/$defs/tree' } } }, required: ['v'] },
    },
    anyOf: [{ $ref: '#/$defs/tree' }, { type: 'array', items: { $ref: '#' } }],
  };
  const joined: Schema = {
    allOf: [
      { properties: { a: { type: 'number', minimum: 1 } }, required: ['a'] },
      { properties: { a: { type: 'integer' }, b: { type: 'string' } }, additionalProperties: { maxLength: 3 } },
    ],
  };
  const schemas = fc.oneof(
    { weight: 20, arbitrary: any.map(({ schema }) => schema) },
    { weight: 1, arbitrary: fc.constantFrom(recursive, joined) },
  );
  fc.assert(
    fc.property(schemas, fc.nat(), fc.nat(60), (schema, seed, patience) => {
      const acceptor = new Acceptor(compileJsonSchema(schema).root);
      const written = writeAtRandom(acceptor, seededRandom(seed), patience);
      const value = JSON.parse(utf8.decode(bytesOf(written))) as Json;
      expect(isValid(schema, value, schema as Schema), written).toBe(true);
    }),
    { numRuns: 800 },
  );
});
