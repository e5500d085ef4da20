// `shoal inference`: goes on with a text, and reports how fast.

import { generateText, type TextSummary } from '../../shared/api/text-generation.ts';
import { ShoalError } from '../../shared/errors.ts';
import { formatReport, type InferenceFigures, reportData } from '../../shared/measure/report.ts';
import type { TokenId } from '../../shared/units.ts';
import type { Arguments, Surroundings } from './command.ts';
import { cancelOnInterrupt, INTERRUPTED } from './interrupts.ts';
import { type ModelFiles, openModelFiles } from './model-files.ts';
import { type RunningModel, startModel } from './open-model.ts';
import type { OptionValues } from './options.ts';
import { writeForeign } from './output.ts';
import { readText } from './read-text.ts';
import { samplingOf } from './sampling-options.ts';

class NoRoomForTextError extends ShoalError {
  readonly blame = 'usage';

  constructor(promptTokens: number, limit: string, remedy: string) {
    super(`The prompt has ${promptTokens} tokens and leaves no room for more: ${limit}; ${remedy}`);
  }
}

class EmptyPromptError extends ShoalError {
  readonly blame = 'usage';

  constructor() {
    super('The prompt has no tokens, and this model needs one to begin with; write some text');
  }
}

export async function inference({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  const { out } = surroundings;
  const bytes = await readText('inference', options, surroundings);
  await using files = await openModelFiles('inference', options, surroundings);
  const prompt = files.tokenizer.encodeBytes(bytes);
  const maxTokens = roomFor(prompt, options, files);
  await using model = await startModel(files, options, surroundings);
  const sampling = samplingOf(options);
  const stopIds = options['ignore-eos'] ? [] : undefined;
  const generation = generateText(model.engine, files.tokenizer, {
    prompt,
    maxTokens,
    sampling,
    stopIds,
    continues: true,
  });
  const press = cancelOnInterrupt(surroundings, () => generation.cancel());
  // The prompt comes with the first piece: a model that fails at once leaves nothing behind.
  let unwritten = new TextDecoder().decode(bytes);
  for await (const { text } of generation) {
    if (!options.json) writeForeign(unwritten + text, out);
    unwritten = '';
  }
  const summary = await generation.finished;
  if (!options.json) writeForeign(unwritten, out);
  const figures = await figuresOf(summary, model, options);
  if (options.json) {
    const { text, finishReason } = summary;
    out.write(
      `${JSON.stringify({ text, finishReason, seed: sampling.seed, threads: model.threads, ...reportData(figures) })}\n`,
    );
  } else {
    out.write(`\n\n${formatReport(figures)}\n`);
  }
  return press.interrupted ? INTERRUPTED : 0;
}

/** Known before the weights are read, so that a prompt that does not fit costs nothing. */
function roomFor(prompt: readonly TokenId[], { steps }: OptionValues, { header }: ModelFiles): number {
  const { seqLen } = header;
  if (prompt.length === 0) throw new EmptyPromptError();
  const room = Math.min(seqLen, steps ?? seqLen);
  if (prompt.length < room) return room - prompt.length;
  throw room === steps
    ? new NoRoomForTextError(prompt.length, `--steps ${steps} counts both`, 'raise it or shorten the prompt')
    : new NoRoomForTextError(prompt.length, `the context holds ${seqLen}`, 'shorten the prompt or raise --max-seq-len');
}

async function figuresOf(
  { evaluation, prediction, metrics }: TextSummary,
  model: RunningModel,
  { profile }: OptionValues,
): Promise<InferenceFigures> {
  const cluster = await model.network();
  return {
    batchTokens: model.stepTokens,
    evaluation,
    prediction,
    metrics,
    memory: cluster?.memory ?? [{ node: 'Root', bytes: process.resourceUsage().maxRSS * 1024 }],
    network: cluster?.network,
    profile: profile ? await model.profile() : undefined,
  };
}
