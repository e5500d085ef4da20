// What the kernels take for granted about shapes, checked before a thread is started: they step over heads eight numbers
// at a time and over quantised rows in blocks, and would go on into what lies behind. Knows programs, no memory.

import { ShoalError } from '../../errors.ts';
import { BLOCK_VALUES, blockValues } from '../../model/quant.ts';
import type { Op, Program } from '../../program/program.ts';

/** The model is well formed, but of a shape that no kernel can compute. */
export class UnsupportedShapeError extends ShoalError {
  readonly blame = 'file';

  constructor(what: string, value: number, unit: number) {
    super(
      `The cpu device cannot run this model: its ${what} is ${value}, not a multiple of ${unit}; use --device reference`,
    );
  }
}

/** Numbers of a head that attention and rotation take at once. */
const HEAD_UNIT = 8;

/** Throws an UnsupportedShapeError if a kernel would read or write past the parts that it is given. */
export function assertShapes(program: Program): void {
  for (const { ops } of program.segments) for (const op of ops) assertShape(program, op);
}

function assertShape(program: Program, op: Op): void {
  const multiple = (what: string, value: number, unit: number): void => {
    if (value % unit !== 0) throw new UnsupportedShapeError(what, value, unit);
  };
  switch (op.op) {
    case 'rope':
    case 'attention':
      return multiple('head dim', op.headDim, HEAD_UNIT);
    case 'quantise':
      return multiple(`width of ${op.input}`, program.buffers[op.input].width, BLOCK_VALUES);
    case 'matmul':
      multiple(`first column of ${op.weight.tensor}`, op.weight.columns.start, blockValues(op.weight.type));
      multiple(`last column of ${op.weight.tensor}`, op.weight.columns.end, blockValues(op.weight.type));
  }
}
