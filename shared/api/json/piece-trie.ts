// All tokens of a vocabulary by their bytes, in the order in which a walk comes to them. It takes a moment to make and
// belongs to a tokenizer, so that all requests share it. Knows no JSON.

import type { Tokenizer } from '../../text/tokenizer.ts';
import { byteStringOfBytes } from '../../text/utf8.ts';
import type { TokenId } from '../../units.ts';
import { LeafCache } from './leaf-cache.ts';

/**
 * A node stands for the bytes on the way to it. Nodes are numbered so that those below one follow it directly: a walk is
 * a loop over them that jumps over what cannot be.
 */
export interface PieceTrie {
  readonly vocabSize: number;
  /** The bytes of each token. */
  readonly pieces: readonly Uint8Array[];
  /** The length of the longest piece in bytes. */
  readonly longest: number;
  readonly nodes: number;
  /** The last byte on the way to a node. The root, node 0, has none. */
  readonly byte: Uint8Array;
  /** How many bytes lead to a node. */
  readonly depth: Uint16Array;
  /** The first node that is not below a node. */
  readonly end: Int32Array;
  /** The tokens that end at node i are `tokens[firstToken[i]]` up to, not including, `tokens[firstToken[i + 1]]`. */
  readonly firstToken: Int32Array;
  readonly tokens: Int32Array;
  /** What walks from the root have found. */
  readonly leaves: LeafCache;
}

/** Without special tokens, which are no text, and those without bytes. */
export function pieceTrie(tokenizer: Pick<Tokenizer, 'vocabSize' | 'pieceBytes' | 'isSpecial'>): PieceTrie {
  const { vocabSize } = tokenizer;
  const pieces = Array.from({ length: vocabSize }, (_, id) => tokenizer.pieceBytes(id));
  const texts: { text: string; id: TokenId }[] = [];
  pieces.forEach((bytes, id) => {
    if (bytes.length > 0 && !tokenizer.isSpecial(id)) texts.push({ text: byteStringOfBytes(bytes), id });
  });
  texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.id - b.id));

  const most = texts.reduce((total, { text }) => total + text.length, 1);
  const byte = new Uint8Array(most);
  const depth = new Uint16Array(most);
  const end = new Int32Array(most);
  const firstToken = new Int32Array(most + 1);
  let nodes = 1;
  let before = '';
  /** The nodes on the way to the text before. */
  const path = [0];
  const leave = (length: number): void => {
    while (path.length > length + 1) end[path.pop()!] = nodes;
  };
  texts.forEach(({ text }, index) => {
    let common = 0;
    while (common < before.length && text[common] === before[common]) common++;
    leave(common);
    for (let at = common; at < text.length; at++) {
      byte[nodes] = text.charCodeAt(at);
      depth[nodes] = at + 1;
      firstToken[nodes] = index;
      path.push(nodes++);
    }
    before = text;
  });
  leave(0);
  end[0] = nodes;
  firstToken[nodes] = texts.length;
  return {
    vocabSize,
    pieces,
    longest: texts.reduce((longest, { text }) => Math.max(longest, text.length), 0),
    nodes,
    byte: byte.slice(0, nodes),
    depth: depth.slice(0, nodes),
    end: end.slice(0, nodes),
    firstToken: firstToken.slice(0, nodes + 1),
    tokens: Int32Array.from(texts, ({ id }) => id),
    leaves: new LeafCache(),
  };
}
