// The port through which a request says which tokens may come next: a JSON schema's, say. Ids only: what they spell is
// known to whoever implements it.

import type { TokenId } from '../units.ts';
import type { TokenSet } from './token-set.ts';

/**
 * What may follow after some tokens. It never changes, so one request can be generated several times. A stop id is
 * allowed only where the text may end, and only what is allowed is ever chosen.
 */
export interface TokenConstraint {
  /** Of the model's vocabulary. None: the text cannot go on, and ends. */
  allowed(): TokenSet;
  /** The constraint after one more token, which `allowed` has. */
  after(id: TokenId): TokenConstraint;
}
