// How a thread's part of a buffer becomes the whole, and what passes between threads and the caller. Rows are copied
// through shared memory, since a thread's WASM memory is its own. Knows forms and addresses, no ops.

import type { EmbeddingOp, Program } from '../../program/program.ts';
import { weightKey } from '../../program/program.ts';
import { type Range, rangeLength } from '../../units.ts';
import type { Barrier } from './barrier.ts';
import { type MemoryMap, rowBytes } from './memory-map.ts';
import type { Batch } from './thread-ops.ts';
import type { Form, Shares } from './thread-plan.ts';

export interface ExchangeContext {
  readonly program: Program;
  readonly shares: Shares;
  readonly thread: number;
  readonly map: MemoryMap;
  readonly memory: ArrayBuffer;
  readonly barrier: Barrier;
  readonly board: SharedArrayBuffer;
  readonly entrance: SharedArrayBuffer;
  readonly exit: SharedArrayBuffer;
}

/** Bytes of one half of the board: the largest buffer, for `maxTokens`. */
export function boardHalfBytes(program: Program, maxTokens: number): number {
  return maxTokens * Math.max(...Object.values(program.buffers).map(({ width, type }) => rowBytes(width, type)));
}

type Run = (batch: Batch) => void;

export class Exchange {
  private readonly context: ExchangeContext;
  private readonly own: Uint8Array<ArrayBuffer>;
  private readonly halves: readonly Uint8Array<SharedArrayBuffer>[];
  private readonly entrance: Uint8Array<SharedArrayBuffer>;
  private readonly exit: Uint8Array<SharedArrayBuffer>;
  private next = 0;

  constructor(context: ExchangeContext) {
    this.context = context;
    this.own = new Uint8Array(context.memory);
    const half = context.board.byteLength / 2;
    this.halves = [new Uint8Array(context.board, 0, half), new Uint8Array(context.board, half, half)];
    this.entrance = new Uint8Array(context.entrance);
    this.exit = new Uint8Array(context.exit);
  }

  /**
   * The half for the next exchange. They alternate, so that one barrier an exchange is enough: whoever writes a half
   * again has passed the barrier after which everyone had read it.
   */
  private board(): Uint8Array<SharedArrayBuffer> {
    this.next = 1 - this.next;
    return this.halves[this.next];
  }

  convert(buffer: string, from: Form, to: Form): Run {
    if (to === 'columns') return this.rowsToColumns(buffer);
    const write = from === 'columns' ? this.writeColumns(buffer) : this.writeOwnRows(buffer);
    if (!write) return () => {};
    const { barrier, shares } = this.context;
    const rows = this.rows(buffer);
    return (batch) => {
      const board = this.board();
      write(batch, board);
      if (shares.threads > 1) barrier.wait();
      const { start, end } = to === 'tokens' ? batch.own : { start: 0, end: batch.rows };
      copy(board, start * rows.stride, this.own, rows.at + start * rows.stride, (end - start) * rows.stride);
    };
  }

  /** Undefined where the thread is alone and its columns lie as rows already. */
  private writeColumns(buffer: string): ((batch: Batch, board: Uint8Array) => void) | undefined {
    const { shares, thread } = this.context;
    const columns = this.columns(buffer);
    const rows = this.rows(buffer);
    if (columns.at === rows.at) return undefined;
    const range = shares.columns(buffer, thread);
    const bytes = rangeLength(range) * 4;
    return (batch, board) => {
      for (let row = 0; row < batch.rows; row++) {
        copy(this.own, columns.at + row * columns.stride, board, row * rows.stride + range.start * 4, bytes);
      }
    };
  }

  private writeOwnRows(buffer: string): (batch: Batch, board: Uint8Array) => void {
    const rows = this.rows(buffer);
    return ({ own }, board) =>
      copy(this.own, rows.at + own.start * rows.stride, board, own.start * rows.stride, rangeLength(own) * rows.stride);
  }

  private rowsToColumns(buffer: string): Run {
    const columns = this.columns(buffer);
    const rows = this.rows(buffer);
    if (columns.at === rows.at) return () => {};
    const range = this.context.shares.columns(buffer, this.context.thread);
    return (batch) => {
      for (let row = 0; row < batch.rows; row++) {
        const from = rows.at + row * rows.stride + range.start * 4;
        this.own.copyWithin(columns.at + row * columns.stride, from, from + rangeLength(range) * 4);
      }
    };
  }

  /** Each thread has some tokens' rows of the table; the others get them over the board. */
  embed(op: EmbeddingOp, form: Form): Run {
    const { map, shares, thread, barrier } = this.context;
    const table = map.weights.get(weightKey(op.table)) as number;
    const mine = shares.vocabulary(op.table.rows, thread);
    const rows = this.rows(op.out);
    return (batch) => {
      const board = this.board();
      for (let t = 0; t < batch.rows; t++) {
        const row = batch.tokens[t];
        if (row < mine.start || row >= mine.end) continue;
        copy(this.own, table + (row - mine.start) * rows.stride, board, t * rows.stride, rows.stride);
      }
      if (shares.threads > 1) barrier.wait();
      const { start, end } = form === 'tokens' ? batch.own : { start: 0, end: batch.rows };
      copy(board, start * rows.stride, this.own, rows.at + start * rows.stride, (end - start) * rows.stride);
    };
  }

  /** Leaves the picked rows with every thread, and makes them the batch's rows. */
  pick(input: string, out: string, form: Form): Run {
    const { barrier } = this.context;
    const from = this.rows(input);
    const to = this.rows(out);
    return (batch) => {
      const { picked, own } = batch;
      // Halves may alternate only where there is a barrier too.
      const board = form === 'tokens' ? this.board() : undefined;
      picked.forEach((row, i) => {
        const at = from.at + row * from.stride;
        if (!board) this.own.copyWithin(to.at + i * to.stride, at, at + from.stride);
        else if (row >= own.start && row < own.end) copy(this.own, at, board, i * to.stride, to.stride);
      });
      if (board) {
        barrier.wait();
        copy(board, 0, this.own, to.at, picked.length * to.stride);
      }
      batch.rows = picked.length;
    };
  }

  takeInput(buffer: string): Run {
    const rows = this.rows(buffer);
    return (batch) => copy(this.entrance, 0, this.own, rows.at, batch.rows * rows.stride);
  }

  /** The caller reads the exit once all threads are done, so no barrier is needed. */
  giveOutput(buffer: string, form: Form): Run {
    if (form === 'columns') {
      const { shares, thread, program } = this.context;
      const columns = this.columns(buffer);
      const range = shares.columns(buffer, thread);
      const stride = rowBytes(program.buffers[buffer].width, 'f32');
      return (batch) => {
        for (let row = 0; row < batch.rows; row++) {
          const to = row * stride + range.start * 4;
          copy(this.own, columns.at + row * columns.stride, this.exit, to, rangeLength(range) * 4);
        }
      };
    }
    const rows = this.rows(buffer);
    return (batch) => {
      const all: Range = { start: 0, end: this.context.thread === 0 ? batch.rows : 0 };
      const { start, end } = form === 'tokens' ? batch.own : all;
      copy(this.own, rows.at + start * rows.stride, this.exit, start * rows.stride, (end - start) * rows.stride);
    };
  }

  private rows(name: string): { at: number; stride: number } {
    return this.context.map.rows.get(name) as { at: number; stride: number };
  }

  private columns(name: string): { at: number; stride: number } {
    return this.context.map.columns.get(name) as { at: number; stride: number };
  }
}

function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, bytes: number): void {
  if (bytes > 0) to.set(from.subarray(start, start + bytes), at);
}
