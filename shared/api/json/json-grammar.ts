// The two things that an answer can be held to: any JSON object, or what a JSON Schema describes. Knows no tokens.

import { DocumentMachine } from './document-machine.ts';
import type { Machine } from './machine.ts';
import { compileSchema } from './schema-compiler.ts';

/** Texts that may be written. A value of JSON, with one space or line break before it at most, and nothing after it. */
export interface JsonGrammar {
  readonly root: Machine;
}

/**
 * The texts of the values that fit a schema, with its properties in its order. Some of what fits is not written:
 * properties that a list does not name (unless the schema allows others), numbers of more than 21 digits or, with bounds,
 * with exponents, and strings of a pattern or format in other escapes than JSON.stringify's. `oneOf` is taken for `anyOf`.
 *
 * Throws an InvalidSchemaError, or an UnsupportedSchemaError if a keyword cannot be enforced.
 */
export const compileJsonSchema = (schema: unknown): JsonGrammar => ({
  root: new DocumentMachine(compileSchema(schema)),
});

/** Any object, as OpenAI's `json_object` has it. */
export const anyJsonObject = (): JsonGrammar => compileJsonSchema({ type: 'object' });
