// `shoal story`: the demo model tells a story, so that somebody who has just come sees a language model at work.

import { generateText } from '../../shared/api/text-generation.ts';
import { seededRandom } from '../../shared/engine/random.ts';
import { chooseChatTemplate } from '../../shared/text/chat-template.ts';
import type { Arguments, Surroundings } from './command.ts';
import { cancelOnInterrupt, INTERRUPTED } from './interrupts.ts';
import { openModelFiles } from './model-files.ts';
import { startModel } from './open-model.ts';
import { wrappingOutput, writeForeign, writeRemark } from './output.ts';
import { speedLine } from './speed-line.ts';

/** What the demo model has heard of. */
const SUBJECTS = [
  'a fox and a lantern',
  'a shy dragon',
  'a snail and a star',
  'an owl and a kite',
  'a pirate and a parrot',
  'a robot who finds a flower',
  'a mouse and a boat',
  'a bear and a balloon',
  'a hedgehog and a drum',
  'a little witch',
];

export async function story({ options, words }: Arguments, surroundings: Surroundings): Promise<number> {
  const { out, notes } = surroundings;
  const seed = options.seed ?? Date.now();
  const random = seededRandom(seed);
  const subject = words.join(' ').trim() || SUBJECTS[Math.floor(random() * SUBJECTS.length)];
  await using files = await openModelFiles('story', {}, surroundings);
  await using model = await startModel({ ...files, remark: undefined }, options, surroundings);
  const question = `Tell me a story about ${subject}.`;
  const template = chooseChatTemplate(files.vocabulary);
  const prompt = files.tokenizer.encode(template.render([{ role: 'user', content: question }]));
  const generation = generateText(model.engine, files.tokenizer, {
    prompt,
    maxTokens: files.header.seqLen,
    sampling: { temperature: 0.8, topP: 0.9, seed },
  });
  const press = cancelOnInterrupt(surroundings, () => generation.cancel());
  writeRemark(`> ${question}\n`, notes);
  const page = wrappingOutput(out);
  for await (const { text } of generation) writeForeign(text, page);
  out.write('\n');
  const summary = await generation.finished;
  writeRemark(`\n${speedLine(summary, model.threads)}\n`, notes);
  for (const line of HINTS) writeRemark(line, notes);
  return press.interrupted ? INTERRUPTED : 0;
}

const HINTS = [
  'Another one:      npm run shoal -- story "a bee and a trumpet"',
  'Talk with it:     npm run shoal -- chat',
  'Your own model:   npm run shoal -- chat --model FILE.m --tokenizer FILE.t',
];
