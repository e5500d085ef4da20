import { expect, test } from 'vitest';
import { suggestionsFor } from './suggestions.ts';

test('the demo model is asked for stories only', () => {
  expect(suggestionsFor('shoal-demo')).toContain('Tell me a story about a fox and a lantern.');
  expect(suggestionsFor('qwen3-4b').join()).not.toContain('story about');
});
