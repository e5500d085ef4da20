// Which tokens stay inside one text, a string most of all, and where others leave it: the part of a walk through the
// vocabulary that is long and the same for every place in every grammar. So it is kept for all requests.

import { TokenSet } from '../../engine/token-set.ts';
import type { TokenId } from '../../units.ts';
import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import type { TextMachine } from './machine.ts';
import type { PieceTrie } from './piece-trie.ts';

/** What can be read from a state of a TextMachine, before anything that comes after its text. */
export interface Leaf {
  /** Tokens that the text can go on with, and does not end with. */
  readonly inside: TokenSet;
  /** Those of them that begin so many characters, by that number; empty where characters are not counted. */
  readonly byCharacters: readonly (readonly TokenId[])[];
  /** Nodes where the text may end. */
  readonly exits: Int32Array;
  /** Characters that were begun on the way to each. */
  readonly exitCharacters: Int32Array;
}

/** An automaton's leaves; one takes a bit for each token, or some bytes where characters are counted. */
const maxLeaves = 256;

export class LeafCache {
  private readonly leaves = new WeakMap<ByteAutomaton, Map<string, Leaf>>();

  leafOf(trie: PieceTrie, machine: TextMachine, state: number): Leaf {
    let known = this.leaves.get(machine.automaton);
    if (!known) {
      known = new Map();
      this.leaves.set(machine.automaton, known);
    }
    const inner = machine.inner(state);
    const body = machine.length?.body ?? DEAD;
    const key = `${inner} ${body}`;
    let leaf = known.get(key);
    if (!leaf) {
      if (known.size >= maxLeaves) known.delete(known.keys().next().value!);
      leaf = walk(trie, machine.automaton, inner, body);
      known.set(key, leaf);
    }
    return leaf;
  }
}

/** What of `inside` begins no more than `room` characters. */
export function insideWithin({ inside, byCharacters }: Leaf, room: number): TokenSet {
  if (byCharacters.length <= room + 1) return inside;
  const fitting = inside.copy();
  for (let count = room + 1; count < byCharacters.length; count++) {
    for (const id of byCharacters[count]!) fitting.delete(id);
  }
  return fitting;
}

function walk(trie: PieceTrie, automaton: ByteAutomaton, start: number, body: number): Leaf {
  const { nodes, byte, depth, end, firstToken, tokens } = trie;
  const inside = new TokenSet(trie.vocabSize);
  const byCharacters: TokenId[][] = [];
  const exits: number[] = [];
  const exitCharacters: number[] = [];
  // On the way to the node: the state, and the characters begun.
  const states = new Int32Array(trie.longest + 1);
  const characters = new Int32Array(trie.longest + 1);
  states[0] = start;
  for (let node = 1; node < nodes; ) {
    const at = depth[node]!;
    const before = states[at - 1]!;
    const state = automaton.next(before, byte[node]!);
    if (state === DEAD) {
      node = end[node]!;
      continue;
    }
    const ends = automaton.accepts(state);
    // What begins where no character is under way begins one, unless it ends the string.
    const begun = characters[at - 1]! + (before === body && !ends ? 1 : 0);
    states[at] = state;
    characters[at] = begun;
    if (ends) {
      exits.push(node);
      exitCharacters.push(begun);
    } else {
      for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) {
        inside.add(tokens[i]!);
        if (body === DEAD) continue;
        while (byCharacters.length <= begun) byCharacters.push([]);
        byCharacters[begun]!.push(tokens[i]!);
      }
    }
    node++;
  }
  return {
    inside,
    byCharacters,
    exits: Int32Array.from(exits),
    exitCharacters: Int32Array.from(exitCharacters),
  };
}
