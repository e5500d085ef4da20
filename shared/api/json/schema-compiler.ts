// From a schema to machines. First it is spread out: every place where a value may stand gets its alternatives, each with
// all that is said of it, references followed and each combination of schemas once. Then it is found out which of them any
// value fits at all, so that no text can be begun that cannot be ended. Only then machines are made.

import { byteStringOfText } from '../../text/utf8.ts';
import { ArrayMachine } from './array-machine.ts';
import { factsSize, joinFacts } from './join-facts.ts';
import { InvalidSchemaError, UnsupportedSchemaError } from './json-errors.ts';
import { BOOLEAN, NULL } from './json-texts.ts';
import { type Choice, type Machine, TextMachine } from './machine.ts';
import { ObjectMachine } from './object-machine.ts';
import { ScalarAutomata } from './scalar-automata.ts';
import { type Schema, SchemaDocument } from './schema-document.ts';
import { type AllOf, type Facts, isObject, readFacts, TYPES, type TypeName } from './schema-facts.ts';
import { TextTrie } from './text-trie.ts';
import { WorkBudget } from './work-budget.ts';

/** A place where a value may stand. */
interface Place {
  readonly choice: Choice;
  shapes: Shape[];
  /** Whether some value fits. */
  fits: boolean;
}

/** One alternative of a place. */
interface Shape {
  /** How many places it has inside. */
  readonly size: number;
  /** Whether some value fits, as far as is known of the places inside. */
  fits(): boolean;
  machine(): Machine;
}

/** References and combinations that lead from one schema to the next before a value begins. */
const maxNesting = 150;
const maxAlternatives = 256;
const ANYTHING: AllOf = [];

export function compileSchema(schema: unknown): Choice {
  return new SchemaCompiler(schema).compile();
}

class SchemaCompiler {
  private readonly document: SchemaDocument;
  private readonly budget = new WorkBudget();
  private readonly scalars = new ScalarAutomata(this.budget);
  private readonly facts = new Map<unknown, Facts>();
  private readonly places = new Map<string, Place>();
  /** Places whose shapes are not known yet; a list, as schemas may go deeper than calls can. */
  private readonly open: { readonly place: Place; readonly schemas: AllOf }[] = [];

  constructor(schema: unknown) {
    this.document = new SchemaDocument(schema);
  }

  compile(): Choice {
    const root = this.placeOf([this.document.root]);
    for (const { place, schemas } of this.open) place.shapes = this.shapesOf(schemas);
    this.findFitting();
    if (!root.fits) {
      throw InvalidSchemaError.at(
        '#',
        'no value fits it',
        'look for bounds that cross, or values that contain themselves',
      );
    }
    for (const { choice, shapes } of this.places.values()) {
      choice.machines.push(...shapes.filter((shape) => shape.fits()).map((shape) => shape.machine()));
    }
    return root.choice;
  }

  private placeOf(schemas: AllOf): Place {
    const ids = new Set(schemas.map((schema) => this.document.idOf(this.meant(schema))));
    const key = [...ids].sort((a, b) => a - b).join();
    let place = this.places.get(key);
    if (!place) {
      this.budget.spend(200, 'it has too many places for values');
      place = { choice: { machines: [] }, shapes: [], fits: false };
      this.places.set(key, place);
      this.open.push({ place, schemas });
    }
    return place;
  }

  /** The schema that a mere reference leads to, so that a place which many refer to is only one. */
  private meant(schema: Schema): Schema {
    let meant = schema;
    for (let steps = 0; steps < maxNesting; steps++) {
      const { value, path } = meant;
      if (!isObject(value) || !Object.hasOwn(value, '$ref') || Object.keys(value).length > 1) return meant;
      meant = this.document.follow(value.$ref, path);
    }
    return schema; // a circle, or as good as one
  }

  /** Those made last lie deepest, so that going backwards most is found at once. */
  private findFitting(): void {
    const backwards = [...this.places.values()].reverse();
    for (let changed = true; changed; ) {
      changed = false;
      for (const place of backwards) {
        if (place.fits) continue;
        const size = place.shapes.reduce((total, shape) => total + 1 + shape.size, 1);
        this.budget.spend(size, 'its schemas refer to each other too often');
        place.fits = place.shapes.some((shape) => shape.fits());
        changed ||= place.fits;
      }
    }
  }

  private shapesOf(schemas: AllOf): Shape[] {
    let all: Facts[] = [readFacts({}, schemas[0]?.path ?? '#')];
    for (const schema of schemas) all = this.joined(all, this.alternatives(schema, new Set()));
    return all.flatMap((facts) => this.shapesOfFacts(facts));
  }

  /**
   * What a schema says, with what it refers to. A schema that comes to itself without a value between adds nothing to
   * its alternatives.
   */
  private alternatives(schema: Schema, within: ReadonlySet<unknown>): Facts[] {
    const { value, path } = schema;
    this.budget.spend(20, 'its references and alternatives are too many');
    if (value === true) return [readFacts({}, path)];
    if (value === false || within.has(value)) return [];
    if (!isObject(value)) throw InvalidSchemaError.at(path, 'this is no schema', 'put an object, true or false here');
    if (within.size >= maxNesting) throw UnsupportedSchemaError.tooLarge('references lead to references too often');
    const inside = new Set(within).add(value);
    let all = [this.factsOf(value, path)];
    if (Object.hasOwn(value, '$ref')) {
      all = this.joined(all, this.alternatives(this.document.follow(value.$ref, path), inside));
    }
    for (const part of listOf(value, 'allOf', path)) all = this.joined(all, this.alternatives(part, inside));
    for (const keyword of ['anyOf', 'oneOf']) {
      if (!Object.hasOwn(value, keyword)) continue;
      const parts = listOf(value, keyword, path);
      all = this.joined(
        all,
        parts.flatMap((part) => this.alternatives(part, inside)),
      );
    }
    return all;
  }

  private factsOf(value: Record<string, unknown>, path: string): Facts {
    let facts = this.facts.get(value);
    if (!facts) {
      facts = readFacts(value, path);
      this.facts.set(value, facts);
    }
    return facts;
  }

  private joined(some: readonly Facts[], others: readonly Facts[]): Facts[] {
    const cost = some.length * others.length;
    this.budget.spend(cost, 'its alternatives multiply');
    if (cost > maxAlternatives) {
      throw UnsupportedSchemaError.tooLarge(`a value has more than ${maxAlternatives} alternatives`);
    }
    return some.flatMap((a) =>
      others.map((b) => {
        this.budget.spend(factsSize(a) + factsSize(b), 'its alternatives multiply');
        return joinFacts(a, b);
      }),
    );
  }

  private shapesOfFacts(facts: Facts): Shape[] {
    // An integer is a number, and need not be tried twice.
    const types = (facts.types ?? TYPES).filter((type, _, all) => type !== 'integer' || !all.includes('number'));
    if (facts.values) return this.enumerated(facts, facts.values, types);
    return types.flatMap((type): Shape[] => {
      if (type === 'object') return [this.objectShape(facts)];
      if (type === 'array') return [this.arrayShape(facts)];
      const machine = this.scalar(type, facts);
      return machine ? [textShape(machine)] : [];
    });
  }

  /** Undefined if no value fits. */
  private scalar(type: TypeName, facts: Facts): TextMachine | undefined {
    if (type === 'string') return this.scalars.string(facts);
    if (type === 'boolean' || type === 'null') return new TextMachine(type === 'null' ? NULL : BOOLEAN);
    return this.scalars.number(facts, type === 'integer');
  }

  /** The values that fit what else is said. Objects and arrays are taken apart, as they may be spaced in many ways. */
  private enumerated(facts: Facts, values: readonly string[], types: readonly TypeName[]): Shape[] {
    const isNested = (text: string): boolean => text.startsWith('{') || text.startsWith('[');
    const nested = values.filter((text) => isNested(text) && types.includes(text.startsWith('{') ? 'object' : 'array'));
    if (nested.length > maxAlternatives) {
      throw UnsupportedSchemaError.tooLarge(`it enumerates more than ${maxAlternatives} objects or arrays`);
    }
    for (const type of ['object', 'array'] as const) {
      if (types.includes(type) && nested.length > 0 && saysMoreOf(type, facts)) {
        const reason = `it goes with keywords about ${type}s`;
        throw UnsupportedSchemaError.keyword('enum', facts.path, reason, 'leave those out');
      }
    }
    const shapes = nested.flatMap((text) => this.shapesOf([{ value: schemaOf(JSON.parse(text)), path: facts.path }]));
    const machines = types.flatMap((type) => (isContainer(type) ? [] : (this.scalar(type, facts) ?? [])));
    const scalars = values.filter((text) => !isNested(text) && machines.some((machine) => this.reads(machine, text)));
    if (scalars.length === 0) return shapes;
    const texts = scalars.map(byteStringOfText);
    this.budget.spend(
      texts.reduce((total, text) => total + 20 * text.length, 0),
      'its enumerations are too long',
    );
    return [textShape(new TextMachine(new TextTrie(texts))), ...shapes];
  }

  private reads(machine: TextMachine, text: string): boolean {
    const bytes = byteStringOfText(text);
    this.budget.spend(bytes.length, 'its enumerations are too long');
    let state = machine.start;
    for (let i = 0; i < bytes.length && state >= 0; i++) state = machine.step(state, bytes.charCodeAt(i));
    return state >= 0 && machine.mayEnd(state);
  }

  private objectShape(facts: Facts): Shape {
    const { properties, otherProperties, path } = facts;
    // Like OpenAI, and not like the standard: what lists properties has no others unless it says so.
    const others = this.placeOrNone(otherProperties ?? (properties ? undefined : ANYTHING));
    const required = new Set(facts.required);
    const listed = new Map<string, Place>();
    for (const [name, schemas] of properties ?? []) listed.set(name, this.placeOf(schemas));
    for (const name of required) {
      if (listed.has(name)) continue;
      if (!others) {
        const problem = `${JSON.stringify(name)} is required but not among the properties`;
        throw InvalidSchemaError.at(path, problem, 'list it, or allow additional properties');
      }
      listed.set(name, others);
    }
    const all = Array.from(listed, ([name, value]) => ({ name, value, required: required.has(name) }));
    this.budget.spend(
      all.reduce((total, { name }) => total + 20 * (1 + name.length), 0),
      'its objects have too many properties',
    );
    return {
      size: all.length,
      fits: () => all.every((property) => property.value.fits || !property.required),
      machine: () =>
        new ObjectMachine({
          properties: all.filter(({ value }) => value.fits).map((one) => ({ ...one, value: one.value.choice })),
          excluded: all.filter(({ value }) => !value.fits).map(({ name }) => name),
          others: others?.fits ? others.choice : undefined,
        }),
    };
  }

  private arrayShape({ prefixItems, items, minItems, maxItems }: Facts): Shape {
    const prefix = prefixItems.map((schemas) => this.placeOf(schemas));
    const rest = this.placeOf(items ?? ANYTHING);
    /** How many items there may be before one that nothing fits. */
    const most = (): number => {
      const bad = prefix.findIndex(({ fits }) => !fits);
      return Math.min(maxItems, bad >= 0 ? bad : rest.fits ? Number.POSITIVE_INFINITY : prefix.length);
    };
    return {
      size: prefix.length,
      fits: () => minItems <= most(),
      machine: () =>
        new ArrayMachine({
          prefix: prefix.map(({ choice }) => choice),
          items: rest.choice,
          min: minItems,
          max: most(),
        }),
    };
  }

  private placeOrNone(schemas: AllOf | undefined): Place | undefined {
    return schemas && this.placeOf(schemas);
  }
}

const textShape = (machine: TextMachine): Shape => ({ size: 0, fits: () => true, machine: () => machine });

const isContainer = (type: TypeName): boolean => type === 'object' || type === 'array';

/** The schema of one object or array. */
function schemaOf(value: object): Record<string, unknown> {
  if (Array.isArray(value)) {
    const { length } = value;
    const prefixItems = value.map((item) => ({ const: item }));
    return { type: 'array', prefixItems, minItems: length, maxItems: length };
  }
  const entries = Object.entries(value);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, one]) => [name, { const: one }])),
    required: entries.map(([name]) => name),
  };
}

function saysMoreOf(type: 'object' | 'array', facts: Facts): boolean {
  if (type === 'object') return !!facts.properties || !!facts.otherProperties || facts.required.length > 0;
  return (
    !!facts.items || facts.prefixItems.length > 0 || facts.minItems > 0 || facts.maxItems < Number.POSITIVE_INFINITY
  );
}

function listOf(value: Record<string, unknown>, keyword: string, path: string): Schema[] {
  if (!Object.hasOwn(value, keyword)) return [];
  const list = value[keyword];
  if (!Array.isArray(list) || list.length === 0) {
    throw InvalidSchemaError.at(path, `"${keyword}" is not a list of schemas`, 'correct it');
  }
  return list.map((one, i) => ({ value: one, path: `${path}/${keyword}/${i}` }));
}
