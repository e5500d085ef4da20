// How a thread's part of a buffer becomes the whole, and what passes between threads and the caller. Rows are copied
// through shared memory, since a thread's WASM memory is its own. Knows forms and addresses, no ops.

import type { EmbeddingOp, Program } from '../../program/program.ts';
import { weightKey } from '../../program/program.ts';
import { rangeLength } from '../../units.ts';
import { columnsOf, type MemoryMap, type Place, rowBytes, rowsOf } from './memory-map.ts';
import { type Batch, rowRange } from './thread-ops.ts';
import type { Form, Shares } from './thread-plan.ts';

export interface ExchangeContext {
  readonly program: Program;
  readonly shares: Shares;
  readonly thread: number;
  readonly map: MemoryMap;
  readonly memory: ArrayBuffer;
  readonly board: SharedArrayBuffer;
  readonly entrance: SharedArrayBuffer;
  readonly exit: SharedArrayBuffer;
}

/** Bytes of one half of the board: the largest buffer, for `maxTokens`. */
export function boardHalfBytes(program: Program, maxTokens: number): number {
  return maxTokens * Math.max(...Object.values(program.buffers).map(({ width, type }) => rowBytes(width, type)));
}

type Run = (batch: Batch) => void;

/** An exchange in two halves: all threads must have done the first before any does the second. */
export interface Work {
  readonly run: Run;
  readonly collect?: Run | undefined;
}

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

  convert(buffer: string, from: Form, to: Form): Work {
    if (to === 'columns') return { run: this.rowsToColumns(buffer) };
    const { map } = this.context;
    const rows = rowsOf(map, buffer);
    // Alone, a thread's columns lie as rows already.
    if (from === 'columns' && columnsOf(map, buffer).at === rows.at) return { run: () => {} };
    return this.overBoard(from === 'columns' ? this.writeColumns(buffer) : this.writeOwnRows(buffer), rows, to);
  }

  /** Every thread writes its part to the board; then each takes the rows that it needs. */
  private overBoard(write: (batch: Batch, board: Uint8Array) => void, rows: Place, form: Form): Work {
    let board: Uint8Array;
    return {
      run: (batch) => {
        board = this.board();
        write(batch, board);
      },
      collect: (batch) => {
        const { start, end } = rowRange(batch, form);
        copy(board, start * rows.stride, this.own, rows.at + start * rows.stride, (end - start) * rows.stride);
      },
    };
  }

  /** The thread's columns, to their places in whole rows. */
  private writeColumns(buffer: string): (batch: Batch, target: Uint8Array) => void {
    const { map, shares, thread, program } = this.context;
    const columns = columnsOf(map, buffer);
    const stride = rowBytes(program.buffers[buffer].width, 'f32');
    const range = shares.columns(buffer, thread);
    const bytes = rangeLength(range) * 4;
    return (batch, target) => {
      for (let row = 0; row < batch.rows; row++) {
        copy(this.own, columns.at + row * columns.stride, target, row * stride + range.start * 4, bytes);
      }
    };
  }

  private writeOwnRows(buffer: string): (batch: Batch, target: Uint8Array) => void {
    const rows = rowsOf(this.context.map, buffer);
    return ({ own }, target) =>
      copy(
        this.own,
        rows.at + own.start * rows.stride,
        target,
        own.start * rows.stride,
        rangeLength(own) * rows.stride,
      );
  }

  private rowsToColumns(buffer: string): Run {
    const columns = columnsOf(this.context.map, buffer);
    const rows = rowsOf(this.context.map, buffer);
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
  embed(op: EmbeddingOp, form: Form): Work {
    const { map, shares, thread } = this.context;
    const table = map.weights.get(weightKey(op.table)) as number;
    const mine = shares.vocabulary(op.table.rows, thread);
    const rows = rowsOf(map, op.out);
    const write = (batch: Batch, board: Uint8Array): void => {
      for (let t = 0; t < batch.rows; t++) {
        const row = batch.tokens[t];
        if (row < mine.start || row >= mine.end) continue;
        copy(this.own, table + (row - mine.start) * rows.stride, board, t * rows.stride, rows.stride);
      }
    };
    return this.overBoard(write, rows, form);
  }

  /** Leaves the picked rows with every thread, and makes them the batch's rows. */
  pick(input: string, out: string, form: Form): Work {
    const from = rowsOf(this.context.map, input);
    const to = rowsOf(this.context.map, out);
    if (form !== 'tokens') {
      return {
        run: (batch) => {
          batch.picked.forEach((row, i) => {
            const at = from.at + row * from.stride;
            this.own.copyWithin(to.at + i * to.stride, at, at + from.stride);
          });
          batch.rows = batch.picked.length;
        },
      };
    }
    let board: Uint8Array;
    return {
      run: ({ picked, own }) => {
        board = this.board();
        picked.forEach((row, i) => {
          const at = from.at + row * from.stride;
          if (row >= own.start && row < own.end) copy(this.own, at, board, i * to.stride, to.stride);
        });
      },
      collect: (batch) => {
        copy(board, 0, this.own, to.at, batch.picked.length * to.stride);
        batch.rows = batch.picked.length;
      },
    };
  }

  takeInput(buffer: string): Work {
    const rows = rowsOf(this.context.map, buffer);
    return { run: (batch) => copy(this.entrance, 0, this.own, rows.at, batch.rows * rows.stride) };
  }

  /** The caller reads the exit once all threads are done, so no barrier is needed. */
  giveOutput(buffer: string, form: Form): Work {
    if (form === 'full') {
      const rows = rowsOf(this.context.map, buffer);
      if (this.context.thread > 0) return { run: () => {} };
      return { run: (batch) => copy(this.own, rows.at, this.exit, 0, batch.rows * rows.stride) };
    }
    const write = form === 'columns' ? this.writeColumns(buffer) : this.writeOwnRows(buffer);
    return { run: (batch) => write(batch, this.exit) };
  }
}

function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, bytes: number): void {
  if (bytes > 0) to.set(from.subarray(start, start + bytes), at);
}
