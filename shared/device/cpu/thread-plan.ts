// What one thread of the cpu device does for a segment: the program's ops on the thread's part of each buffer, and the
// exchanges between threads that make parts whole. Pure: it knows no memory and no other thread's progress.
//
// Threads are ranks too. A thread owns rows of every matrix, hence columns of every product (`columns` form). An op
// that needs whole rows gets them in one of two ways: for few tokens every thread makes the whole of it (`full`), which
// is cheaper than a barrier; for many, each thread makes the rows of its own tokens (`tokens`) and they are exchanged.

import { cutRange, kvHeadsOf } from '../../layout/slice.ts';
import type { AttentionOp, MatmulOp, Op, Program, RmsNormOp, Segment } from '../../program/program.ts';
import { type Range, rangeLength } from '../../units.ts';

/** How a buffer lies across threads: everywhere whole, by columns, or by whole rows of the thread's own tokens. */
export type Form = 'full' | 'columns' | 'tokens';

/** The ops that need no other thread while they run. */
export type PlainOp = Exclude<Op, { op: 'embedding' | 'pick-rows' }>;

export type Instruction =
  | { readonly do: 'op'; readonly op: PlainOp; readonly form: Form }
  | { readonly do: 'embed'; readonly op: Extract<Op, { op: 'embedding' }>; readonly form: Form }
  | { readonly do: 'pick'; readonly input: string; readonly out: string; readonly form: Form }
  | { readonly do: 'exchange'; readonly buffer: string; readonly from: Form; readonly to: Form }
  | { readonly do: 'take-input'; readonly buffer: string; readonly form: Form }
  | { readonly do: 'give-output'; readonly buffer: string; readonly form: Form };

/** A segment's instructions, and in which storage each of its buffers must exist: as rows, as columns, or both. */
export interface ThreadPlan {
  readonly instructions: readonly Instruction[];
  readonly rows: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
}

/** Which part of the program's buffers and matrices each thread owns. */
export interface Shares {
  readonly threads: number;
  /** Columns of a buffer in `columns` form, by thread. */
  columns(buffer: string, thread: number): Range;
  /** Query heads and the key-value heads they read, of the rank's, by thread. */
  heads(op: AttentionOp, thread: number): { readonly heads: Range; readonly kvHeads: Range };
  /** Rows of the embedding table, by thread. */
  vocabulary(rows: Range, thread: number): Range;
}

/** Kernels compute eight rows at a time. */
const ROW_UNIT = 8;

export function planShares(program: Program, threads: number): Shares {
  const equal = new Array<number>(threads).fill(1);
  const columns = new Map<string, Range[]>();
  const heads = (op: AttentionOp, thread: number) => {
    const own = cutRange(rangeLength(op.heads), equal)[thread];
    const shifted = { start: own.start + op.heads.start, end: own.end + op.heads.start };
    const kvHeads = rangeLength(own) > 0 ? kvHeadsOf(shifted, op.headsPerKvHead) : { start: 0, end: 0 };
    return { heads: shifted, kvHeads };
  };
  const ops = program.segments.flatMap((segment) => segment.ops);
  for (const op of ops) {
    if (op.op !== 'attention') continue;
    const shares = equal.map((_, thread) => heads(op, thread));
    const columnsOf = (range: Range, first: number): Range =>
      rangeLength(range) > 0
        ? { start: (range.start - first) * op.headDim, end: (range.end - first) * op.headDim }
        : { start: 0, end: 0 };
    for (const buffer of [op.q, op.out])
      columns.set(
        buffer,
        shares.map((s) => columnsOf(s.heads, op.heads.start)),
      );
    for (const buffer of [op.k, op.v])
      columns.set(
        buffer,
        shares.map((s) => columnsOf(s.kvHeads, op.kvHeads.start)),
      );
  }
  for (const op of ops) {
    if (op.op !== 'rope' || columns.has(op.buffer)) continue;
    columns.set(op.buffer, cutRange(program.buffers[op.buffer].width, equal, op.headDim));
  }
  const columnsOfBuffer = (buffer: string): Range[] => {
    let ranges = columns.get(buffer);
    if (!ranges) {
      ranges = cutRange(program.buffers[buffer].width, equal, ROW_UNIT);
      columns.set(buffer, ranges);
    }
    return ranges;
  };
  return {
    threads,
    columns: (buffer, thread) => columnsOfBuffer(buffer)[thread],
    heads,
    vocabulary: (rows, thread) => {
      const own = cutRange(rangeLength(rows), equal)[thread];
      return { start: own.start + rows.start, end: own.end + rows.start };
    },
  };
}

/** The instructions of every thread for `segment`: the same list, each reading its own shares. */
export function planThread(program: Program, segment: Segment, threads: number, manyTokens: boolean): ThreadPlan {
  return new ThreadPlanner(program, threads, manyTokens).plan(segment);
}

class ThreadPlanner {
  private readonly program: Program;
  /** The form in which ops that need whole rows leave their output. */
  private rowForm: 'full' | 'tokens';
  private readonly byHeads: ReadonlySet<string>;
  private readonly forms = new Map<string, Form>();
  private readonly rows = new Set<string>();
  private readonly columns = new Set<string>();
  private readonly instructions: Instruction[] = [];

  constructor(program: Program, threads: number, manyTokens: boolean) {
    this.program = program;
    const ops = program.segments.flatMap((segment) => segment.ops);
    this.byHeads = new Set(ops.flatMap((op) => (op.op === 'rope' ? [op.buffer] : [])));
    this.rowForm = manyTokens && threads > 1 ? 'tokens' : 'full';
  }

  plan(segment: Segment): ThreadPlan {
    for (const name of this.carriedOver(segment)) this.setForm(name, this.rowForm);
    if (segment.input !== undefined) {
      this.instructions.push({ do: 'take-input', buffer: segment.input, form: this.rowForm });
      this.setForm(segment.input, this.rowForm);
    }
    for (const op of segment.ops) this.add(op);
    if (segment.output !== undefined) {
      this.instructions.push({ do: 'give-output', buffer: segment.output, form: this.form(segment.output) });
    }
    return { instructions: this.instructions, rows: this.rows, columns: this.columns };
  }

  /** Buffers that this segment reads before writing: an earlier segment of the same step left them in row form. */
  private carriedOver(segment: Segment): Set<string> {
    const written = new Set<string>();
    const carried = new Set<string>();
    for (const op of segment.ops) {
      for (const name of inputsOf(op)) if (!written.has(name)) carried.add(name);
      for (const name of outputsOf(op)) written.add(name);
    }
    return carried;
  }

  private add(op: Op): void {
    if (op.op === 'embedding') {
      this.instructions.push({ do: 'embed', op, form: this.rowForm });
      this.setForm(op.out, this.rowForm);
    } else if (op.op === 'pick-rows') {
      this.wholeRows(op.input);
      this.instructions.push({ do: 'pick', input: op.input, out: op.out, form: this.form(op.input) });
      // Few rows are wanted, as a rule: from here on every thread makes the whole.
      this.rowForm = 'full';
      this.setForm(op.out, 'full');
    } else {
      const form = this.prepare(op);
      this.instructions.push({ do: 'op', op, form });
      for (const name of outputsOf(op)) this.setForm(name, form);
    }
  }

  /** Brings an op's inputs into a form it can work on; says in which its output will be. */
  private prepare(op: PlainOp): Form {
    switch (op.op) {
      case 'rms-norm':
        if (!(this.form(op.input) === 'columns' && this.isPerHead(op))) this.wholeRows(op.input);
        return this.form(op.input);
      case 'quantise':
        this.wholeRows(op.input);
        return this.form(op.input);
      case 'add':
        this.wholeRows(op.addend);
        this.matchRows(op.buffer, op.addend);
        return this.form(op.buffer);
      case 'matmul':
        this.full(op.input);
        return 'columns';
      case 'rope':
      case 'attention':
      case 'silu-mul':
      case 'gelu-mul':
      case 'top-k':
        for (const name of inputsOf(op)) this.byColumns(name);
        return 'columns';
    }
  }

  /** Whether each thread can normalise its own columns, since they are whole heads: even if the rank has but one. */
  private isPerHead({ gain, input }: RmsNormOp): boolean {
    return rangeLength(gain.columns) < this.program.buffers[input].width || this.byHeads.has(input);
  }

  /** Both operands of an elementwise op in the same row form. */
  private matchRows(a: string, b: string): void {
    if (this.form(a) === this.form(b)) return;
    this.full(a);
    this.full(b);
  }

  private wholeRows(name: string): void {
    if (this.form(name) === 'columns') this.exchange(name, this.rowForm);
  }

  private full(name: string): void {
    if (this.form(name) !== 'full') this.exchange(name, 'full');
  }

  private byColumns(name: string): void {
    if (this.form(name) === 'columns') return;
    this.full(name);
    this.exchange(name, 'columns');
  }

  private exchange(buffer: string, to: Form): void {
    this.instructions.push({ do: 'exchange', buffer, from: this.form(buffer), to });
    this.setForm(buffer, to);
  }

  private setForm(name: string, form: Form): void {
    this.forms.set(name, form);
    (form === 'columns' ? this.columns : this.rows).add(name);
  }

  private form(name: string): Form {
    const form = this.forms.get(name);
    if (form === undefined) throw new Error(`Buffer ${name} is read before it is written`);
    return form;
  }
}

/** The buffers that an op reads. */
export function inputsOf(op: Op): string[] {
  switch (op.op) {
    case 'embedding':
      return [];
    case 'rope':
      return [op.buffer];
    case 'attention':
      return [op.q, op.k, op.v];
    case 'silu-mul':
    case 'gelu-mul':
      return [op.gate, op.up];
    case 'add':
      return [op.buffer, op.addend];
    case 'top-k':
      return [op.logits];
    default:
      return [op.input];
  }
}

/** The buffers that an op writes. */
export function outputsOf(op: Op): string[] {
  switch (op.op) {
    case 'rope':
    case 'add':
      return [op.buffer];
    case 'top-k':
      return [];
    default:
      return [op.out];
  }
}

/** The rows of a matmul's weight that a thread owns, within the whole tensor. */
export function ownRows(op: MatmulOp, shares: Shares, thread: number): Range {
  const own = shares.columns(op.out, thread);
  return { start: op.weight.rows.start + own.start, end: op.weight.rows.start + own.end };
}
