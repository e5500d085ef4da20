// How the options that choose tokens become the engine's settings, with distributed-llama's defaults.

import type { SamplingSettings } from '../../shared/engine/sampling.ts';
import type { OptionName, OptionValues } from './options.ts';

export const SAMPLING_OPTIONS = [
  'temperature',
  'topp',
  'topk',
  'minp',
  'repeat-penalty',
  'seed',
] as const satisfies readonly OptionName[];

export function samplingOf(options: OptionValues): SamplingSettings & { readonly seed: number } {
  const topP = options.topp ?? 0.9;
  return {
    temperature: options.temperature ?? 0.8,
    topP: topP === 0 ? 1 : topP, // distributed-llama's way to say that nothing is cut
    topK: options.topk,
    minP: options.minp,
    repetitionPenalty: options['repeat-penalty'],
    seed: options.seed ?? Date.now(),
  };
}
