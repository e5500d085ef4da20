// `shoal perplexity`: how well a model predicts a text.

import { assertScorable, scoreText } from '../../shared/api/perplexity.ts';
import type { Arguments, Surroundings } from './command.ts';
import { openModelFiles } from './model-files.ts';
import { startModel } from './open-model.ts';
import { progressBar } from './progress-bar.ts';
import { readText } from './read-text.ts';

export async function perplexity({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const { out, notes } = surroundings;
  const bytes = await readText('perplexity', options, surroundings);
  await using files = await openModelFiles('perplexity', options, surroundings);
  const ids = files.tokenizer.encodeBytes(bytes);
  const bosId = ids[0] === files.tokenizer.bosId ? ids[0] : undefined;
  const text = bosId === undefined ? ids : ids.slice(1);
  assertScorable(text, bosId);
  await using model = await startModel(files, options, surroundings);
  using bar = progressBar('Reading', 'tokens', 1, notes);
  const begun = performance.now();
  const score = await scoreText(model.engine, text, bosId, (tokens) => bar.update(tokens, text.length));
  const seconds = (performance.now() - begun) / 1000;
  bar.clear();
  const { tokens, windows, meanNegativeLogLikelihood: mean } = score;
  if (options.json) {
    out.write(`${JSON.stringify({ ...score, bitsPerToken: mean / Math.LN2, seconds })}\n`);
    return 0;
  }
  // The names and the order are distributed-llama's.
  out.write(
    [
      'Results',
      `   perplexity: ${score.perplexity.toFixed(6)} (lower = better)`,
      `   avgLogProb: ${(-mean).toFixed(6)}`,
      `   bitPerToken: ${(mean / Math.LN2).toFixed(6)}`,
      `   nTokens: ${tokens}${windows > 1 ? ` (in ${windows} windows)` : ''}`,
      `   tokens/s: ${(tokens / seconds).toFixed(2)}`,
      '',
    ].join('\n'),
  );
  return 0;
}
