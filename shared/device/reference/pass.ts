// One segment of one step on the reference device: hands each op its buffers, weights and places.

import type { MatmulOp, Op, TopKOp } from '../../program/program.ts';
import type { Candidates, Step } from '../device.ts';
import { stepTokens, stepWanted } from '../step.ts';
import { selectCandidates } from '../top-k.ts';
import { add } from './add.ts';
import { attention, type Cache, type Place } from './attention.ts';
import type { Buffers, FloatBuffer } from './buffers.ts';
import { embedding } from './embedding.ts';
import { geluMul, siluMul } from './gated-activation.ts';
import { matmulBlocks, matmulFloats } from './matmul.ts';
import { pickRows } from './pick-rows.ts';
import { quantise } from './quantise.ts';
import { rmsNorm } from './rms-norm.ts';
import { rope } from './rope.ts';
import { isBlocks, type Weights } from './weights.ts';

export class Pass {
  candidates: Candidates[] = [];
  private readonly step: Step;
  private readonly buffers: Buffers;
  private readonly cache: Cache;
  private readonly weights: Weights;
  /** What every buffer holds at this point: the step's tokens, or after `pick-rows` the wanted ones. */
  private rows: number;

  constructor(step: Step, buffers: Buffers, cache: Cache, weights: Weights) {
    this.step = step;
    this.buffers = buffers;
    this.cache = cache;
    this.weights = weights;
    this.rows = stepTokens(step);
  }

  floats(name: string): FloatBuffer {
    return this.buffers.floats(name, this.rows);
  }

  run(op: Op): void {
    const { weights } = this;
    switch (op.op) {
      case 'embedding':
        embedding(this.tokens(), weights.floats(op.table).values, this.floats(op.out));
        break;
      case 'rms-norm':
        rmsNorm(this.values(op.input), weights.floats(op.gain).values, op.epsilon, this.values(op.out));
        break;
      case 'quantise':
        quantise(this.values(op.input), this.buffers.blocks(op.out, this.rows));
        break;
      case 'matmul':
        if (isBlocks(op.weight)) this.matmulBlocks(op);
        else this.matmulFloats(op);
        break;
      case 'rope':
        rope(this.floats(op.buffer), this.places(), op);
        break;
      case 'attention': {
        const [q, k, v, out] = [op.q, op.k, op.v, op.out].map((name) => this.floats(name));
        attention(op, { q, k, v, out }, this.places(), this.cache);
        break;
      }
      case 'silu-mul':
        siluMul(this.values(op.gate), this.values(op.up), this.values(op.out));
        break;
      case 'gelu-mul':
        geluMul(this.values(op.gate), this.values(op.up), this.values(op.out));
        break;
      case 'add':
        add(this.values(op.buffer), this.values(op.addend));
        break;
      case 'pick-rows': {
        const input = this.floats(op.input);
        this.rows = stepWanted(this.step);
        pickRows(input, this.step, this.floats(op.out));
        break;
      }
      case 'top-k':
        this.topK(op);
        break;
      default:
        throw new RangeError(`The reference device has no op ${(op satisfies never as Op).op}`);
    }
  }

  private matmulFloats({ input, weight, out }: MatmulOp): void {
    matmulFloats(this.floats(input), this.weights.floats(weight), this.floats(out));
  }

  private matmulBlocks({ input, weight, out }: MatmulOp): void {
    matmulBlocks(this.buffers.blocks(input, this.rows), this.weights.blocks(weight), this.floats(out));
  }

  private topK({ logits, vocabulary }: TopKOp): void {
    const { values, width } = this.floats(logits);
    this.candidates = this.step.runs
      .flatMap((run) => run.wanted)
      .map((request, row) =>
        selectCandidates(values.subarray(row * width, (row + 1) * width), vocabulary.start, request),
      );
  }

  private values(name: string): Float32Array {
    return this.floats(name).values;
  }

  private tokens(): number[] {
    return this.step.runs.flatMap((run) => run.tokens);
  }

  private places(): Place[] {
    return this.step.runs.flatMap(({ slot, position, tokens }) =>
      tokens.map((_, i) => ({ slot, position: position + i })),
    );
  }
}
