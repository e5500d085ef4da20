// out[t] = table row of token t.

import type { TokenId } from '../../units.ts';
import type { FloatBuffer } from './buffers.ts';

export function embedding(tokens: readonly TokenId[], table: Float32Array, out: FloatBuffer): void {
  const { width, values } = out;
  tokens.forEach((token, t) => {
    values.set(table.subarray(token * width, (token + 1) * width), t * width);
  });
}
