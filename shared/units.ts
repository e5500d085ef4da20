// The words every room uses for quantities and identities. Types only add meaning here: nothing is computed.

/** A count of bytes. */
export type Bytes = number;
/** A duration in milliseconds. */
export type Milliseconds = number;
/** A token's index in the vocabulary. */
export type TokenId = number;
/** A sequence's place in the KV cache. */
export type SlotId = number;
/** A node of the mesh, named by the root. */
export type PeerId = string;

/** The whole numbers from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export const rangeLength = (range: Range): number => range.end - range.start;
