// Which tokens stay inside one text, a string most of all, and where others leave it: the part of a walk through the
// vocabulary that is long and the same for every place in every grammar. So it is kept for all requests.

import { TokenSet } from '../../engine/token-set.ts';
import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import type { TextMachine } from './machine.ts';
import type { PieceTrie } from './piece-trie.ts';

/** What can be read from a state of a TextMachine, before anything that comes after its text. */
export interface Leaf {
  /** Tokens that the text can go on with, and does not end with. */
  readonly inside: TokenSet;
  /** Nodes where the text may end. */
  readonly exits: Int32Array;
  /** Characters that were begun on the way to each. */
  readonly exitCharacters: Int32Array;
}

/** An automaton's leaves; one takes as many bits as there are tokens. */
const maxLeaves = 256;

export class LeafCache {
  private readonly leaves = new WeakMap<ByteAutomaton, Map<string, Leaf>>();

  /** For a text with room for `room` more characters. */
  leafOf(trie: PieceTrie, machine: TextMachine, state: number): Leaf {
    const inner = machine.inner(state);
    // No piece has more characters than bytes.
    const room = machine.length ? Math.min(machine.length.max - machine.count(state), trie.longest) : trie.longest;
    let known = this.leaves.get(machine.automaton);
    if (!known) {
      known = new Map();
      this.leaves.set(machine.automaton, known);
    }
    const key = `${inner} ${machine.length?.body} ${room}`;
    let leaf = known.get(key);
    if (!leaf) {
      if (known.size >= maxLeaves) known.delete(known.keys().next().value!);
      leaf = walk(trie, machine.automaton, inner, machine.length?.body ?? DEAD, room);
      known.set(key, leaf);
    }
    return leaf;
  }
}

function walk(trie: PieceTrie, automaton: ByteAutomaton, start: number, body: number, room: number): Leaf {
  const { nodes, byte, depth, end, firstToken, tokens } = trie;
  const inside = new TokenSet(trie.vocabSize);
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
    const ends = state !== DEAD && automaton.accepts(state);
    // What begins where no character is under way begins one, unless it ends the string.
    const begun = characters[at - 1]! + (before === body && !ends ? 1 : 0);
    if (state === DEAD || begun > room) {
      node = end[node]!;
      continue;
    }
    states[at] = state;
    characters[at] = begun;
    if (ends) {
      exits.push(node);
      exitCharacters.push(begun);
    } else {
      for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) inside.add(tokens[i]!);
    }
    node++;
  }
  return { inside, exits: Int32Array.from(exits), exitCharacters: Int32Array.from(exitCharacters) };
}
