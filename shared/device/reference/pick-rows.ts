// Keeps the rows whose logits are wanted, in the step's order.

import type { Step } from '../device.ts';
import type { FloatBuffer } from './buffers.ts';

export function pickRows(input: FloatBuffer, step: Step, out: FloatBuffer): void {
  const { width } = input;
  wantedRows(step).forEach((row, o) => {
    out.values.set(input.values.subarray(row * width, (row + 1) * width), o * width); // [wanted, width]
  });
}

/** Each run wants rows of its last tokens. */
function wantedRows(step: Step): number[] {
  let end = 0;
  return step.runs.flatMap((run) => {
    end += run.tokens.length;
    return run.wanted.map((_, i) => end - run.wanted.length + i);
  });
}
