// A stepper with a toy language model, for tests of the engine and of what stands on it: no weights, and logits that
// depend on every token before. It checks that its caller keeps the Stepper port's rules. Production never imports it.

import type { Candidates, Step } from '../device/device.ts';
import { assertStep } from '../device/step.ts';
import { selectCandidates } from '../device/top-k.ts';
import type { TokenId } from '../units.ts';
import type { Stepper } from './stepper.ts';

export interface ToyOptions {
  readonly slots?: number;
  readonly maxTokens?: number;
  readonly seqLen?: number;
  readonly vocabSize?: number;
  /** Called at the start of each step, with its number from 0; may wait, or throw to fail the step. */
  readonly onStep?: (step: Step, number: number) => Promise<void> | void;
  /** Replaces the logits of a position. */
  readonly logitsOf?: (state: number, vocabSize: number) => Float32Array;
}

export interface ToyStepper extends Stepper {
  /** Positions computed so far. */
  readonly computed: number;
  readonly steps: number;
  /** Empties the cache, as happens before a CacheLostError. */
  loseCache(): void;
}

/** What the toy model knows after a token: a number that depends on all tokens so far. */
const nextState = (state: number, token: TokenId): number => mix(state * 31 + token + 1);

export function toyLogits(state: number, vocabSize: number): Float32Array {
  // From −6 to 6, so that some tokens are likely and many are not.
  return Float32Array.from({ length: vocabSize }, (_, id) => (mix(state ^ mix(id + 77)) / 2 ** 32 - 0.5) * 12);
}

/** The logits after `tokens`, without a cache: what the stepper must agree with. */
export function toyLogitsAfter(tokens: readonly TokenId[], vocabSize: number): Float32Array {
  return toyLogits(tokens.reduce(nextState, 0), vocabSize);
}

export function toyStepper(options: ToyOptions = {}): ToyStepper {
  const { slots = 4, maxTokens = 8, seqLen = 64, vocabSize = 50, logitsOf = toyLogits } = options;
  let cache: number[][] = Array.from({ length: slots }, () => []);
  let busy = false;
  let steps = 0;
  let computed = 0;

  const compute = (step: Step): Candidates[] => {
    const answers: Candidates[] = [];
    for (const { slot, position, tokens, wanted } of step.runs) {
      const states = cache[slot]!;
      if (position > states.length) throw new Error(`slot ${slot} has ${states.length} positions, not ${position}`);
      states.length = position; // stricter than a device, which only overwrites
      for (const token of tokens) states.push(nextState(states.at(-1) ?? 0, token));
      computed += tokens.length;
      wanted.forEach((request, i) => {
        const state = states[states.length - wanted.length + i]!;
        answers.push(selectCandidates(logitsOf(state, vocabSize), 0, request));
      });
    }
    return answers;
  };

  return {
    slots,
    maxTokens,
    seqLen,
    vocabSize,
    get computed() {
      return computed;
    },
    get steps() {
      return steps;
    },
    loseCache() {
      cache = Array.from({ length: slots }, () => []);
    },
    async run(step) {
      if (busy) throw new Error('two steps overlap');
      busy = true;
      try {
        assertStep(step, { slots, maxTokens, seqLen, vocabSize });
        const number = steps++;
        await options.onStep?.(step, number);
        return compute(step);
      } finally {
        busy = false;
      }
    },
  };
}

/** MurmurHash3's finaliser: spreads the bits of a 32-bit number. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
