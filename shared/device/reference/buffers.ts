// The reference device's memory for one program: named [tokens, width] buffers. It knows no ops.

import { BLOCK_VALUES } from '../../model/quant.ts';
import type { BufferSpec, Program } from '../../program/program.ts';

export interface FloatBuffer {
  readonly width: number;
  /** [tokens, width] */
  readonly values: Float32Array;
}

/** Q80 blocks, scales apart from the quants: value = quant · the scale of its block. */
export interface BlockBuffer {
  readonly width: number;
  /** [tokens, width / 32]; each is a number that an f16 can hold. */
  readonly scales: Float32Array;
  /** [tokens, width] */
  readonly quants: Int8Array;
}

/** The buffers of a program, with room for `maxTokens` rows; `rows` of them are what ops see. */
export class Buffers {
  private readonly floatBuffers = new Map<string, FloatBuffer>();
  private readonly blockBuffers = new Map<string, BlockBuffer>();

  constructor(program: Program, maxTokens: number) {
    for (const [name, spec] of Object.entries(program.buffers)) {
      if (spec.type === 'q80') this.blockBuffers.set(name, blockBuffer(spec, maxTokens));
      else this.floatBuffers.set(name, { width: spec.width, values: new Float32Array(maxTokens * spec.width) });
    }
  }

  floats(name: string, rows: number): FloatBuffer {
    const { width, values } = found(this.floatBuffers.get(name), name, 'f32');
    return { width, values: values.subarray(0, rows * width) };
  }

  blocks(name: string, rows: number): BlockBuffer {
    const { width, scales, quants } = found(this.blockBuffers.get(name), name, 'q80');
    return {
      width,
      scales: scales.subarray(0, (rows * width) / BLOCK_VALUES),
      quants: quants.subarray(0, rows * width),
    };
  }
}

function blockBuffer({ width }: BufferSpec, maxTokens: number): BlockBuffer {
  return {
    width,
    scales: new Float32Array((maxTokens * width) / BLOCK_VALUES),
    quants: new Int8Array(maxTokens * width),
  };
}

function found<T>(buffer: T | undefined, name: string, type: string): T {
  if (!buffer) throw new RangeError(`The program uses ${name} as a ${type} buffer but does not declare it as one`);
  return buffer;
}
