// Holds tokens to a grammar: joins the acceptor, which knows bytes, and the vocabulary's pieces. Of a state it is worked
// out once which tokens may come, as most states come back: inside a string, say, after every token of it.

import type { TokenConstraint } from '../../engine/constraint.ts';
import { TokenSet } from '../../engine/token-set.ts';
import type { TokenId } from '../../units.ts';
import { Acceptor, type State, type Thread } from './acceptor.ts';
import type { JsonGrammar } from './json-grammar.ts';
import { insideWithin } from './leaf-cache.ts';
import { TextMachine } from './machine.ts';
import type { PieceTrie } from './piece-trie.ts';

/** States whose tokens are kept; each takes as many bits as there are tokens. */
const maxKept = 128;

/** `endIds` may come where the text may end, and nowhere else; they are no pieces of the text. */
export function createConstraint(grammar: JsonGrammar, pieces: PieceTrie, endIds: Iterable<TokenId>): TokenConstraint {
  const walker = new Walker(grammar, pieces, endIds);
  return walker.constraintAt(walker.start);
}

class Walker {
  private readonly acceptor: Acceptor;
  private readonly trie: PieceTrie;
  private readonly endIds: readonly TokenId[];
  private readonly kept = new Map<State, TokenSet>();

  constructor(grammar: JsonGrammar, trie: PieceTrie, endIds: Iterable<TokenId>) {
    this.acceptor = new Acceptor(grammar.root);
    this.trie = trie;
    this.endIds = [...endIds];
  }

  get start(): State {
    return this.acceptor.start;
  }

  constraintAt(state: State): TokenConstraint {
    return {
      allowed: () => this.allowedAt(state),
      after: (id) => this.constraintAt(this.endIds.includes(id) ? this.acceptor.nothing : this.read(state, id)),
    };
  }

  private read(state: State, id: TokenId): State {
    let at: State | undefined = state;
    for (const byte of this.trie.pieces[id] ?? []) at = at && this.acceptor.step(at, byte);
    return at ?? this.acceptor.nothing;
  }

  private allowedAt(state: State): TokenSet {
    let allowed = this.kept.get(state);
    if (!allowed) {
      this.acceptor.forget();
      allowed = new TokenSet(this.trie.vocabSize);
      for (const thread of state.threads) this.addThread(thread, allowed);
      for (const id of this.endIds) {
        if (state.mayEnd) allowed.add(id);
        else allowed.delete(id);
      }
      if (this.kept.size >= maxKept) this.kept.delete(this.kept.keys().next().value!);
      this.kept.set(state, allowed);
    }
    return allowed;
  }

  private addThread(thread: Thread, allowed: TokenSet): void {
    const { machine, state } = thread;
    if (!(machine instanceof TextMachine)) {
      this.addBelow(0, this.acceptor.alone(thread), allowed);
      return;
    }
    const leaf = this.trie.leaves.leafOf(this.trie, machine, state);
    const { min, max } = machine.length ?? { min: 0, max: Number.POSITIVE_INFINITY };
    const missing = min - machine.count(state);
    const room = max - machine.count(state);
    allowed.addAll(insideWithin(leaf, room));
    const after = this.acceptor.afterEnd(thread);
    leaf.exits.forEach((node, i) => {
      const begun = leaf.exitCharacters[i]!;
      if (begun < missing || begun > room) return;
      this.addTokens(node, allowed);
      this.addBelow(node, after, allowed);
    });
  }

  private addTokens(node: number, allowed: TokenSet): void {
    const { firstToken, tokens } = this.trie;
    for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) allowed.add(tokens[i]!);
  }

  /** The tokens below a node, at which the text is in `start`. */
  private addBelow(top: number, start: State, allowed: TokenSet): void {
    const { byte, depth, end } = this.trie;
    const states: State[] = [];
    states[depth[top]!] = start;
    for (let node = top + 1; node < end[top]!; ) {
      const at = depth[node]!;
      const state = this.acceptor.step(states[at - 1]!, byte[node]!);
      if (!state) {
        node = end[node]!;
        continue;
      }
      states[at] = state;
      this.addTokens(node, allowed);
      node++;
    }
  }
}
