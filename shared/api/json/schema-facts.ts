// What one schema object says, apart from what it refers to: its keywords, read and checked, in a form in which two can be
// joined. What is no keyword here is an annotation, or refused.

import { InvalidSchemaError, UnsupportedSchemaError } from './json-errors.ts';
import type { Bound } from './number-range.ts';
import type { Schema } from './schema-document.ts';

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
export type TypeName = (typeof TYPES)[number];

/** Schemas in one list must all hold. */
export type AllOf = readonly Schema[];

/** A regular expression's source and where it stands. */
export interface Pattern {
  readonly source: string;
  readonly path: string;
}

export interface Facts {
  readonly path: string;
  /** Undefined: any. An integer is a number too. */
  readonly types: readonly TypeName[] | undefined;
  /** As JSON texts. Undefined: not enumerated. */
  readonly values: readonly string[] | undefined;
  readonly minLength: number;
  readonly maxLength: number;
  readonly patterns: readonly Pattern[];
  readonly formats: readonly string[];
  readonly lowest: readonly Bound[];
  readonly highest: readonly Bound[];
  /** Undefined: none are listed. */
  readonly properties: ReadonlyMap<string, AllOf> | undefined;
  readonly required: readonly string[];
  readonly otherProperties: AllOf | undefined;
  readonly prefixItems: readonly AllOf[];
  readonly items: AllOf | undefined;
  readonly minItems: number;
  readonly maxItems: number;
}

const ANNOTATIONS = new Set(
  [
    'title',
    'description',
    'default',
    'examples',
    'example',
    'deprecated',
    'readOnly',
    'writeOnly',
    'discriminator',
  ].concat([
    'contentEncoding',
    'contentMediaType',
    'contentSchema',
    '$schema',
    '$id',
    'id',
    '$comment',
    '$defs',
    'definitions',
  ]),
);
/** Read by the compiler. */
export const APPLICATORS = new Set(['$ref', 'allOf', 'anyOf', 'oneOf']);
/** Which type a keyword is about. */
const SUBJECTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['object', ['properties', 'required', 'additionalProperties']],
  ['array', ['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']],
]);
const KEYWORDS = new Set(['type', 'enum', 'const', ...APPLICATORS, ...[...SUBJECTS.values()].flat()]);

export function readFacts(value: Record<string, unknown>, path: string): Facts {
  return new FactsReader(value, path).read();
}

class FactsReader {
  private readonly value: Record<string, unknown>;
  private readonly path: string;

  constructor(value: Record<string, unknown>, path: string) {
    this.value = value;
    this.path = path;
  }

  read(): Facts {
    for (const keyword of Object.keys(this.value)) {
      if (KEYWORDS.has(keyword) || ANNOTATIONS.has(keyword) || keyword.startsWith('x-')) continue;
      throw UnsupportedSchemaError.keyword(keyword, this.path, 'it is not known here', 'leave it out');
    }
    if (this.get('uniqueItems') === true) {
      throw UnsupportedSchemaError.keyword('uniqueItems', this.path, 'items are not compared', 'leave it out');
    }
    const pattern = this.get('pattern');
    if (pattern !== undefined && typeof pattern !== 'string') throw this.wrong('pattern', 'a string');
    const format = this.get('format');
    const { prefixItems, items } = this.items();
    return {
      path: this.path,
      types: this.types(),
      values: this.values(),
      minLength: this.count('minLength', 0),
      maxLength: this.count('maxLength', Number.POSITIVE_INFINITY),
      patterns: pattern === undefined ? [] : [{ source: pattern, path: this.path }],
      formats: typeof format === 'string' ? [format] : [],
      lowest: this.bounds('minimum', 'exclusiveMinimum'),
      highest: this.bounds('maximum', 'exclusiveMaximum'),
      properties: this.properties(),
      required: this.required(),
      otherProperties: this.schema('additionalProperties'),
      prefixItems,
      items,
      minItems: this.count('minItems', 0),
      maxItems: this.count('maxItems', Number.POSITIVE_INFINITY),
    };
  }

  /** Not what a prototype has, as a key may be `constructor`. */
  private get(keyword: string): unknown {
    return Object.hasOwn(this.value, keyword) ? this.value[keyword] : undefined;
  }

  private wrong(keyword: string, expected: string): InvalidSchemaError {
    return InvalidSchemaError.at(this.path, `"${keyword}" is not ${expected}`, 'correct it');
  }

  private types(): readonly TypeName[] | undefined {
    const type = this.get('type');
    if (type === undefined) return this.impliedTypes();
    const names: readonly unknown[] = Array.isArray(type) ? type : [type];
    const known = (name: unknown): name is TypeName => TYPES.includes(name as TypeName);
    if (names.length === 0 || !names.every(known)) throw this.wrong('type', `one or more of ${TYPES.join(', ')}`);
    return names;
  }

  /** A schema with `properties` and no type means an object, whatever the standard says of other values. */
  private impliedTypes(): readonly TypeName[] | undefined {
    if (this.get('enum') !== undefined || this.get('const') !== undefined) return undefined;
    const subjects = [...SUBJECTS].filter(([, keywords]) =>
      keywords.some((keyword) => this.get(keyword) !== undefined),
    );
    return subjects.length === 0 ? undefined : subjects.map(([type]) => type as TypeName);
  }

  private values(): readonly string[] | undefined {
    const list = this.get('enum');
    if (list !== undefined && !Array.isArray(list)) throw this.wrong('enum', 'a list');
    const texts = (list as unknown[] | undefined)?.map((one) => JSON.stringify(one));
    const constant = this.get('const');
    if (constant === undefined) return texts;
    const text = JSON.stringify(constant);
    return !texts || texts.includes(text) ? [text] : [];
  }

  private count(keyword: string, otherwise: number): number {
    const value = this.get(keyword);
    if (value === undefined) return otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw this.wrong(keyword, 'a count');
    if (value > 2 ** 31) throw UnsupportedSchemaError.keyword(keyword, this.path, 'it is too large', 'leave it out');
    return value;
  }

  private bounds(inclusive: string, exclusive: string): readonly Bound[] {
    return [inclusive, exclusive].flatMap((keyword) => {
      const value = this.get(keyword);
      if (value === undefined) return [];
      if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(keyword, 'a number');
      return [{ value, exclusive: keyword === exclusive }];
    });
  }

  private properties(): ReadonlyMap<string, AllOf> | undefined {
    const properties = this.get('properties');
    if (properties === undefined) return undefined;
    if (!isObject(properties)) throw this.wrong('properties', 'an object');
    const at = (name: string): string => `${this.path}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return new Map(Object.entries(properties).map(([name, value]) => [name, [{ value, path: at(name) }]]));
  }

  private required(): readonly string[] {
    const required = this.get('required');
    if (required === undefined) return [];
    if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
      throw this.wrong('required', 'a list of names');
    }
    return required;
  }

  /** Older schemas have `items` for what is `prefixItems` now, and `additionalItems` for `items`. */
  private items(): { prefixItems: readonly AllOf[]; items: AllOf | undefined } {
    const isOld = Array.isArray(this.get('items'));
    const keyword = isOld ? 'items' : 'prefixItems';
    const prefix = this.get(keyword) ?? [];
    if (!Array.isArray(prefix)) throw this.wrong(keyword, 'a list of schemas');
    return {
      prefixItems: prefix.map((value, i) => [{ value, path: `${this.path}/${keyword}/${i}` }]),
      items: this.schema(isOld ? 'additionalItems' : 'items'),
    };
  }

  private schema(keyword: string): AllOf | undefined {
    const value = this.get(keyword);
    return value === undefined ? undefined : [{ value, path: `${this.path}/${keyword}` }];
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
