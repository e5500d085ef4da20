// What two schemas say that must both hold, as one. Knows no references and makes no machines.

import type { AllOf, Facts, TypeName } from './schema-facts.ts';

/** About how many things there are to join. */
export const factsSize = ({ properties, required, values, prefixItems, patterns, lowest, highest }: Facts): number =>
  [...(properties?.values() ?? []), ...prefixItems].reduce(
    (total, schemas) => total + 2 + schemas.length,
    10 + required.length + (values?.length ?? 0) + patterns.length + lowest.length + highest.length,
  );

export function joinFacts(a: Facts, b: Facts): Facts {
  return {
    path: a.path,
    types: joinTypes(a.types, b.types),
    values: joinValues(a.values, b.values),
    minLength: Math.max(a.minLength, b.minLength),
    maxLength: Math.min(a.maxLength, b.maxLength),
    patterns: [...a.patterns, ...b.patterns],
    formats: [...a.formats, ...b.formats],
    lowest: [...a.lowest, ...b.lowest],
    highest: [...a.highest, ...b.highest],
    properties: joinProperties(a, b),
    required: [...a.required, ...b.required],
    otherProperties: both(a.otherProperties, b.otherProperties),
    prefixItems: Array.from(
      { length: Math.max(a.prefixItems.length, b.prefixItems.length) },
      (_, i) => both(a.prefixItems[i] ?? a.items, b.prefixItems[i] ?? b.items) ?? [],
    ),
    items: both(a.items, b.items),
    minItems: Math.max(a.minItems, b.minItems),
    maxItems: Math.min(a.maxItems, b.maxItems),
  };
}

function joinTypes(
  a: readonly TypeName[] | undefined,
  b: readonly TypeName[] | undefined,
): readonly TypeName[] | undefined {
  if (!a || !b) return a ?? b;
  const has = (types: readonly TypeName[], type: TypeName): boolean =>
    types.includes(type) || (type === 'integer' && types.includes('number'));
  return [...new Set([...a, ...b])].filter((type) => has(a, type) && has(b, type));
}

function joinValues(a: Facts['values'], b: Facts['values']): Facts['values'] {
  if (!a || !b) return a ?? b;
  const common = new Set(b);
  return a.filter((text) => common.has(text));
}

/** A property that one of them lists must fit what the other says of those it does not list. */
function joinProperties(a: Facts, b: Facts): ReadonlyMap<string, AllOf> | undefined {
  if (!a.properties || !b.properties) {
    const [listing, other] = a.properties ? [a, b] : [b, a];
    if (!listing.properties || !other.otherProperties) return listing.properties;
  }
  const names = new Set([...(a.properties?.keys() ?? []), ...(b.properties?.keys() ?? [])]);
  const said = ({ properties, otherProperties }: Facts, name: string) => properties?.get(name) ?? otherProperties;
  return new Map(Array.from(names, (name) => [name, both(said(a, name), said(b, name)) ?? []]));
}

const both = (a: AllOf | undefined, b: AllOf | undefined): AllOf | undefined => (a && b ? [...a, ...b] : (a ?? b));
