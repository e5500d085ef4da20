// Turns instructions into calls of kernels at fixed addresses. Each call does one op on this thread's part of the
// buffers, for one batch. Knows no messages and no loading.

import type { AttentionOp, MatmulOp, OpName, Program, RmsNormOp, RopeOp, TopKOp } from '../../program/program.ts';
import { weightKey } from '../../program/program.ts';
import { type Range, rangeLength } from '../../units.ts';
import type { Candidates, LogitsRequest, Run } from '../device.ts';
import type { Exchange, Work } from './exchange.ts';
import type { Kernels } from './kernels.ts';
import { LogitsSelector } from './logits-selector.ts';
import { columnsOf, F16_BYTES, GROUP_POSITIONS, type MemoryMap, rowsOf } from './memory-map.ts';
import type { Form, Instruction, PlainOp, Shares } from './thread-plan.ts';
import type { Trials } from './trials.ts';

/** A step as a thread needs it: flat, and with its own share of the tokens. */
export interface Batch {
  readonly runs: readonly Run[];
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** Of the tokens, in `tokens` form, this thread's. */
  readonly own: Range;
  /** Rows whose logits are wanted, and what of them. */
  readonly picked: Int32Array;
  readonly requests: readonly LogitsRequest[];
  /** Rows of buffers: tokens, or after pick-rows the picked ones. */
  rows: number;
  candidates: Candidates[];
}

export interface CompiledInstruction extends Work {
  readonly name: OpName | 'exchange';
}

export interface ThreadContext {
  readonly program: Program;
  readonly shares: Shares;
  readonly thread: number;
  readonly map: MemoryMap;
  readonly kernels: Kernels;
  readonly wideTiles: boolean;
  readonly memory: ArrayBuffer;
  readonly exchange: Exchange;
  /** Between one stream and several, for products of one token. */
  readonly streams: Trials;
  /** For which batch and frequencies the rotary table holds. */
  readonly ropeTable: { batch: Batch | undefined; frequencies: readonly number[] | undefined };
}

export function compile(context: ThreadContext, instruction: Instruction): CompiledInstruction {
  const { exchange } = context;
  switch (instruction.do) {
    case 'embed':
      return { name: 'embedding', ...exchange.embed(instruction.op, instruction.form) };
    case 'pick':
      return { name: 'pick-rows', ...exchange.pick(instruction.input, instruction.out, instruction.form) };
    case 'exchange':
      return { name: 'exchange', ...exchange.convert(instruction.buffer, instruction.from, instruction.to) };
    case 'take-input':
      return { name: 'exchange', ...exchange.takeInput(instruction.buffer) };
    case 'give-output':
      return { name: 'exchange', ...exchange.giveOutput(instruction.buffer, instruction.form) };
    case 'op':
      return { name: instruction.op.op, run: compileOp(context, instruction.op, instruction.form) };
  }
}

function compileOp(context: ThreadContext, op: PlainOp, form: Form): (batch: Batch) => void {
  const { kernels } = context;
  switch (op.op) {
    case 'rms-norm':
      return compileNorm(context, op, form);
    case 'quantise': {
      const input = rowsOf(context.map, op.input);
      const out = rowsOf(context.map, op.out);
      const blocks = context.program.buffers[op.input].width / 32;
      return (batch) => {
        const { start, end } = rowRange(batch, form);
        kernels.quantise(input.at + start * input.stride, out.at + start * out.stride, end - start, blocks);
      };
    }
    case 'add': {
      const buffer = rowsOf(context.map, op.buffer);
      const addend = rowsOf(context.map, op.addend);
      const { width } = context.program.buffers[op.buffer];
      return (batch) => {
        const { start, end } = rowRange(batch, form);
        kernels.add(buffer.at + start * buffer.stride, addend.at + start * addend.stride, (end - start) * width);
      };
    }
    case 'matmul':
      return compileMatmul(context, op);
    case 'rope':
      return compileRope(context, op);
    case 'attention':
      return compileAttention(context, op);
    case 'silu-mul':
    case 'gelu-mul': {
      const [gate, up, out] = [op.gate, op.up, op.out].map((name) => columnsOf(context.map, name));
      const kernel = op.op === 'silu-mul' ? kernels.siluMul : kernels.geluMul;
      return (batch) => kernel(gate.at, up.at, out.at, batch.rows * (gate.stride / 4));
    }
    case 'top-k':
      return compileTopK(context, op);
  }
}

function compileNorm(context: ThreadContext, op: RmsNormOp, form: Form): (batch: Batch) => void {
  const gain = context.map.weights.get(weightKey(op.gain)) as number;
  const width = rangeLength(op.gain.columns);
  const place = form === 'columns' ? columnsOf : rowsOf;
  const input = place(context.map, op.input);
  const out = place(context.map, op.out);
  const runsPerRow = input.stride / 4 / width;
  return (batch) => {
    const { start, end } = rowRange(batch, form);
    const runs = (end - start) * runsPerRow;
    context.kernels.rmsNorm(
      input.at + start * input.stride,
      gain,
      out.at + start * out.stride,
      runs,
      width,
      op.epsilon,
    );
  };
}

function compileMatmul(context: ThreadContext, op: MatmulOp): (batch: Batch) => void {
  const { kernels, map } = context;
  const weight = map.weights.get(weightKey(op.weight)) as number;
  const x = rowsOf(context.map, op.input);
  const out = columnsOf(context.map, op.out);
  const groups = out.stride / 32;
  const columns = rangeLength(op.weight.columns);
  if (columns === 0) {
    const bytes = new Uint8Array(context.memory);
    return (batch) => bytes.fill(0, out.at, out.at + batch.rows * out.stride);
  }
  const kernel = {
    q40: kernels.matmulQ40,
    q80: kernels.matmulQ80,
    f16: kernels.matmulF16,
    f32: kernels.matmulF32,
  }[op.weight.type];
  const wide = context.wideTiles ? 1 : 0;
  const units = op.weight.type === 'q40' || op.weight.type === 'q80' ? columns / 32 : columns;
  const multiply = (tokens: number): void =>
    kernel(weight, groups, units, x.at, x.stride, tokens, out.at, out.stride, map.matmulScratch, wide);
  if (op.weight.type !== 'q40') return (batch) => multiply(batch.rows);
  const multiplyOne = context.streams.of([
    () => multiply(1),
    () => kernels.matvecQ40Streams(weight, groups, units, x.at, out.at),
  ]);
  return (batch) => (batch.rows === 1 ? multiplyOne() : multiply(batch.rows));
}

/** Angles are computed in double precision, once a step for all layers that use the same frequencies. */
function compileRope(context: ThreadContext, op: RopeOp): (batch: Batch) => void {
  const { headDim, frequencies } = op;
  const halves = op.style === 'halves';
  const buffer = columnsOf(context.map, op.buffer);
  const heads = Math.floor(buffer.stride / 4 / headDim);
  const table = new Float32Array(context.memory, context.map.rope, context.map.ropeBytes / 4);
  const fill = (batch: Batch) => {
    for (let t = 0; t < batch.positions.length; t++) {
      const cosines = t * headDim * 2;
      const sines = cosines + headDim;
      for (let pair = 0; pair < headDim / 2; pair++) {
        const angle = batch.positions[t] * frequencies[pair];
        const first = halves ? pair : pair * 2;
        const second = halves ? pair + headDim / 2 : first + 1;
        table[cosines + first] = table[cosines + second] = Math.cos(angle);
        table[sines + second] = Math.sin(angle);
        table[sines + first] = -table[sines + second];
      }
    }
  };
  const state = context.ropeTable;
  return (batch) => {
    if (state.batch !== batch || state.frequencies !== frequencies) {
      fill(batch);
      state.batch = batch;
      state.frequencies = frequencies;
    }
    context.kernels.rope(buffer.at, batch.rows, heads, headDim, context.map.rope, halves ? 1 : 0);
  };
}

function compileAttention(context: ThreadContext, op: AttentionOp): (batch: Batch) => void {
  const { kernels, map, program } = context;
  const [q, k, v, out] = [op.q, op.k, op.v, op.out].map((name) => columnsOf(context.map, name));
  const { heads, kvHeads } = context.shares.heads(op, context.thread);
  const headBytes = op.headDim * 4;
  const { layers } = program.cache;
  /** Of one head, keys or values of a group. */
  const headGroupBytes = op.headDim * GROUP_POSITIONS * F16_BYTES;
  const groupBytes = map.cacheHeads * headGroupBytes;
  const groups = Array.from({ length: rangeLength(kvHeads) }, (_, i) => {
    const kvHead = kvHeads.start + i;
    const first = Math.max(heads.start, kvHead * op.headsPerKvHead);
    const end = Math.min(heads.end, (kvHead + 1) * op.headsPerKvHead);
    return { count: end - first, queries: (first - heads.start) * headBytes, keysValues: i * headGroupBytes };
  });
  const keysBytes = map.cacheHeads * map.cacheHeadBytes;
  // Of the first and the last key head the thread may have some of the query heads only.
  const [first, last] = [groups[0]?.count ?? 0, groups.at(-1)?.count ?? 0];
  return (batch) => {
    let row = 0;
    for (const { slot, position, tokens } of batch.runs) {
      const keys = map.cache + (slot * layers + op.layer) * 2 * keysBytes;
      const values = keys + keysBytes;
      const qAt = q.at + row * q.stride;
      const outAt = out.at + row * out.stride;
      const kAt = k.at + row * k.stride;
      const vAt = v.at + row * v.stride;
      const count = tokens.length;
      kernels.storeKeysValues(kAt, vAt, k.stride, count, groups.length, keys, values, position, op.headDim);
      if (count === 1 && groups.length > 0) {
        // It reads as much as it computes: of all heads together that is one stream.
        const { headDim, headsPerKvHead } = op;
        const counts = [groups.length, first, headsPerKvHead, last] as const;
        kernels.attendAll(qAt, outAt, ...counts, keys, values, position, headDim, map.scores);
      } else {
        for (const group of groups) {
          kernels.attend(
            qAt + group.queries,
            outAt + group.queries,
            q.stride,
            count,
            group.count,
            keys + group.keysValues,
            values + group.keysValues,
            groupBytes,
            position,
            op.headDim,
            map.scores,
          );
        }
      }
      row += count;
    }
  };
}

function compileTopK(context: ThreadContext, op: TopKOp): (batch: Batch) => void {
  const logits = columnsOf(context.map, op.logits);
  const own = context.shares.columns(op.logits, context.thread);
  const vocabulary = { start: op.vocabulary.start + own.start, end: op.vocabulary.start + own.end };
  const selector = new LogitsSelector(context.kernels, context.memory, context.map);
  return (batch) => {
    batch.candidates = batch.requests.map((request, row) =>
      selector.select(logits.at + row * logits.stride, vocabulary, request),
    );
  };
}

/** The rows of a batch that a thread has of a buffer in row form. */
export function rowRange(batch: Batch, form: Form): Range {
  return form === 'tokens' ? batch.own : { start: 0, end: batch.rows };
}
