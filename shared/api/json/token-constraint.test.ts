import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TokenConstraint } from '../../engine/constraint.ts';
import { createEngine } from '../../engine/engine.ts';
import { seededRandom } from '../../engine/random.ts';
import { toyStepper } from '../../engine/toy-stepper.ts';
import { byteStringOfText } from '../../text/utf8.ts';
import { Acceptor, type State } from './acceptor.ts';
import { anyJsonObject, compileJsonSchema, type JsonGrammar } from './json-grammar.ts';
import { pieceTrie } from './piece-trie.ts';
import { createConstraint } from './token-constraint.ts';

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(byteStringOfText(text), (character) => character.charCodeAt(0));

/** Every byte, then some longer pieces, a special token, one without text, and one that ends. */
const longer = [
  '{"',
  '":',
  '": "',
  '","',
  '"}',
  '"},',
  '}]',
  'ab',
  'abc',
  ' the',
  'é',
  'é"',
  'aé',
  '12',
  '1,',
  '0.5',
  '  ',
].concat([
  '\n  ',
  '\n',
  '{"a":',
  'a":1',
  '\\n',
  '\\u00',
  '"a',
  'true',
  'tr',
  '}}}',
  'ab',
  'null}',
  '[[',
  ']]',
  '-1',
  '"a"]',
]);
const pieces = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), ...longer.map(bytesOf)];
pieces.push(bytesOf('𝄞').slice(0, 3), bytesOf('𝄞').slice(1), bytesOf('<|x|>'), new Uint8Array(), bytesOf('}'));
const special = pieces.length - 3;
const end = pieces.length - 1;
const trie = pieceTrie({
  vocabSize: pieces.length,
  pieceBytes: (id) => pieces[id]!,
  isSpecial: (id) => id === special || id === end,
});

const tree = { properties: { v: { type: 'integer' }, kids: { items: { $ref: '#' } } }, required: ['v'] };
const grammars: readonly (readonly [string, JsonGrammar])[] = [
  ['any object', anyJsonObject()],
  ['any value', compileJsonSchema(true)],
  ['lengths', compileJsonSchema({ items: { type: 'string', minLength: 2, maxLength: 4 } })],
  ['an upper length', compileJsonSchema({ items: { type: 'string', maxLength: 3 } })],
  ['a lower length', compileJsonSchema({ properties: { a: { type: 'string', minLength: 5 } }, required: ['a'] })],
  ['a pattern', compileJsonSchema({ items: { pattern: '^(ab|é)+c?$' } })],
  ['numbers', compileJsonSchema({ items: { type: 'number', minimum: 0, maximum: 12 } })],
  ['a tree', compileJsonSchema(tree)],
  [
    'other keys',
    compileJsonSchema({ properties: { a: { type: 'integer' } }, additionalProperties: { enum: ['ab', 1, null] } }),
  ],
  ['alternatives', compileJsonSchema({ anyOf: [{ items: { type: 'integer' } }, { items: { type: 'string' } }, tree, { const: 'ab' }] })], // biome-ignore format: one line
];

/** The tokens whose bytes can be read, one by one. */
function naive(acceptor: Acceptor, state: State): number[] {
  const ids: number[] = state.mayEnd ? [end] : [];
  pieces.forEach((bytes, id) => {
    if (bytes.length === 0 || id === special || id === end) return;
    let at: State | undefined = state;
    for (const byte of bytes) at = at && acceptor.step(at, byte);
    if (at) ids.push(id);
  });
  return ids.sort((a, b) => a - b);
}

describe('createConstraint', () => {
  test.each(grammars)('allows exactly the tokens that can be read: %s', (_, grammar) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 40 }), (seed, length) => {
        const random = seededRandom(seed);
        const acceptor = new Acceptor(grammar.root);
        let constraint: TokenConstraint = createConstraint(grammar, trie, [end]);
        let state = acceptor.start;
        for (let i = 0; i < length; i++) {
          const allowed = [...constraint.allowed()];
          expect(allowed).toEqual(naive(acceptor, state));
          const id = allowed[Math.floor(random() * allowed.length)]!;
          constraint = constraint.after(id);
          if (id === end) break;
          for (const byte of pieces[id]!) state = acceptor.step(state, byte)!;
        }
      }),
      { numRuns: 120 },
    );
  });

  test('after the end nothing is allowed', () => {
    const constraint = createConstraint(compileJsonSchema({ const: 1 }), trie, [end]);
    const one = constraint.after('1'.charCodeAt(0));
    expect([...one.allowed()]).toEqual([end]);
    expect(one.after(end).allowed().size).toBe(0);
    expect(
      createConstraint(compileJsonSchema({ const: 1 }), trie, [])
        .after(0x31)
        .allowed().size,
    ).toBe(0);
  });

  test('an id that ends is no text, even if it looks like some', () => {
    const constraint = createConstraint(compileJsonSchema({ const: 1 }), trie, ['1'.charCodeAt(0), end]);
    expect(constraint.allowed().has('1'.charCodeAt(0))).toBe(false);
  });

  test('a constraint does not change as others are made from it', () => {
    const constraint = createConstraint(compileJsonSchema({ items: { enum: [1, 2] } }), trie, [end]);
    const before = [...constraint.allowed()];
    const open = constraint.after('['.charCodeAt(0));
    open.after('1'.charCodeAt(0)).allowed();
    expect([...open.allowed()].filter((id) => id >= 0x30 && id < 0x3a)).toEqual([0x31, 0x32]);
    expect([...constraint.allowed()]).toEqual(before);
  });

  test('a vocabulary that cannot write the grammar leaves nothing', () => {
    const poor = pieceTrie({ vocabSize: 1, pieceBytes: () => Uint8Array.of(0x7b), isSpecial: () => false });
    const constraint = createConstraint(anyJsonObject(), poor, []);
    expect(constraint.after(0).allowed().size).toBe(0);
  });
});

test('what the engine generates is JSON that fits, or the beginning of some', async () => {
  const grammar = compileJsonSchema({
    ...tree,
    properties: { ...tree.properties, s: { type: 'string', maxLength: 5 } },
  });
  const constraint = createConstraint(grammar, trie, [end]);
  const engine = createEngine(toyStepper({ vocabSize: pieces.length + 9, seqLen: 400 }), { clock: () => 0 });
  const ends = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const sampling = { seed, temperature: seed % 3, topP: seed % 2 ? 0.8 : 1 };
    const generation = engine.generate({ prompt: [1], maxTokens: 300, stopIds: [end], sampling, constraint });
    const bytes: number[] = [];
    for await (const batch of generation) {
      for (const { id, isStop } of batch) if (!isStop) bytes.push(...pieces[id]!);
    }
    const { finishReason } = await generation.finished;
    ends.add(finishReason);
    if (finishReason === 'stop')
      expect(JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes)))).toHaveProperty('v');
    const acceptor = new Acceptor(grammar.root);
    const last = bytes.reduce((state: State | undefined, byte) => state && acceptor.step(state, byte), acceptor.start);
    expect(last?.mayEnd).toBe(finishReason === 'stop');
  }
  expect(ends).toContain('stop');
});

describe('pieceTrie', () => {
  test('holds each token once, at its bytes', () => {
    const found: [number, string][] = [];
    const way: string[] = [];
    for (let node = 1; node < trie.nodes; node++) {
      way.length = trie.depth[node]! - 1;
      way.push(String.fromCharCode(trie.byte[node]!));
      for (let i = trie.firstToken[node]!; i < trie.firstToken[node + 1]!; i++)
        found.push([trie.tokens[i]!, way.join('')]);
      expect(trie.end[node]).toBeGreaterThan(node);
    }
    const expected = pieces.flatMap((bytes, id) =>
      bytes.length === 0 || id === special || id === end ? [] : [[id, String.fromCharCode(...bytes)] as const],
    );
    expect(found.sort(([a], [b]) => a - b)).toEqual(expected);
  });
});
