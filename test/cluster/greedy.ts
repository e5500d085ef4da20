// A greedy text by whatever stepper: the same tokens from every cluster that computes right.

import { createEngine } from '../../shared/engine/engine.ts';
import type { Stepper } from '../../shared/engine/stepper.ts';
import type { TokenId } from '../../shared/units.ts';

export const PROMPT: readonly TokenId[] = [1, 20, 33, 47, 250, 9, 120, 77, 60, 5, 299];

export async function greedy(stepper: Stepper, maxTokens = 12): Promise<TokenId[]> {
  const engine = createEngine(stepper, { clock: () => performance.now() });
  const tokens: TokenId[] = [];
  const generation = engine.generate({ prompt: PROMPT, maxTokens, stopIds: [], sampling: { temperature: 0 } });
  for await (const batch of generation) tokens.push(...batch.map(({ id }) => id));
  return tokens;
}
