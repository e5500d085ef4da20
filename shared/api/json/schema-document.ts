// A schema as it was sent: checked for what makes it safe to walk, and its references followed. It knows what a keyword
// refers to, and no keyword's meaning.

import { InvalidSchemaError, UnsupportedSchemaError } from './json-errors.ts';

/** A schema inside the document, and where it stands, as a JSON pointer for errors. */
export interface Schema {
  readonly value: unknown;
  readonly path: string;
}

const maxDepth = 100;
const maxValues = 50_000;

export class SchemaDocument {
  readonly root: Schema;
  private readonly ids = new Map<unknown, number>();

  /** Throws unless it is small enough, and shallow enough for functions that call themselves. */
  constructor(value: unknown) {
    this.root = { value, path: '#' };
    let open = [value];
    let count = 0;
    for (let depth = 0; open.length > 0; depth++) {
      if (depth > maxDepth) throw UnsupportedSchemaError.tooLarge(`it is nested more than ${maxDepth} deep`);
      count += open.length;
      if (count > maxValues) throw UnsupportedSchemaError.tooLarge(`it has more than ${maxValues} values`);
      open = open.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    }
  }

  /** A number that equal schemas may have in common, and different ones never. */
  idOf({ value }: Schema): number {
    let id = this.ids.get(value);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(value, id);
    }
    return id;
  }

  /** What a `$ref` means. */
  follow(reference: unknown, path: string): Schema {
    if (typeof reference !== 'string')
      throw InvalidSchemaError.at(path, '"$ref" is not a string', 'make it "#/$defs/…"');
    if (!/^#(?:\/|$)/.test(reference)) {
      const reason = 'it does not point into this schema by "#/…"';
      throw UnsupportedSchemaError.keyword('$ref', path, reason, 'put what it means under $defs');
    }
    const found = reference
      .split('/')
      .slice(1)
      .reduce((value: unknown, part) => {
        const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
        return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
      }, this.root.value);
    if (found === undefined) {
      throw InvalidSchemaError.at(path, `there is nothing at ${JSON.stringify(reference)}`, 'correct the "$ref"');
    }
    return { value: found, path: reference };
  }
}

/** Pointers in references are percent-encoded; a bad encoding points nowhere. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
