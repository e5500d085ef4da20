// What to ask when nothing was asked yet: stories for the demo model, which knows nothing else. Pure.

const STORIES = ['a fox and a lantern', 'a shy dragon', 'a snail and a star', 'a bear and a balloon'];

const QUESTIONS = [
  'Explain why the sea is salty, as if to a child.',
  'Write a short letter that declines an invitation kindly.',
  'Plan three simple dinners with lentils.',
  'What should I know before I keep bees?',
];

export const suggestionsFor = (model: string): readonly string[] =>
  isDemo(model) ? STORIES.map((story) => `Tell me a story about ${story}.`) : QUESTIONS;

export const isDemo = (model: string): boolean => model.startsWith('shoal-demo');
