// Deterministic automata as tables: made from expressions, and from two others by intersection. All of a table is made at
// once, so that a stranger's pattern shows its size before it is used. Knows no JSON.

import { type ByteAutomaton, DEAD } from './byte-automaton.ts';
import type { Expression } from './expression.ts';
import { Nfa } from './nfa.ts';
import type { WorkBudget } from './work-budget.ts';

const tooComplex = 'a pattern, a range or a repetition has too many states';

export class ByteDfa implements ByteAutomaton {
  readonly size: number;
  readonly start: number;
  /** Bytes that no state tells apart have one class, and a column of the table. */
  private readonly classes: Uint8Array;
  private readonly width: number;
  private readonly table: Int32Array;
  private readonly accepting: Uint8Array;
  private readonly reading: Uint8Array;

  /** `rows` are the states' successors by class, the first the start's. */
  constructor(classes: Uint8Array, rows: readonly (readonly number[])[], accepting: readonly boolean[]) {
    this.classes = classes;
    this.size = rows.length;
    this.width = rows[0]!.length;
    this.accepting = Uint8Array.from(accepting, Number);
    const alive = aliveStates(rows, accepting);
    this.table = Int32Array.from(rows.flatMap((row) => row.map((to) => (to !== DEAD && alive[to] ? to : DEAD))));
    this.reading = Uint8Array.from(rows, (row) => Number(row.some((to) => to !== DEAD && alive[to])));
    this.start = alive[0] ? 0 : DEAD;
  }

  next(state: number, byte: number): number {
    return this.table[state * this.width + this.classes[byte]!]!;
  }

  accepts(state: number): boolean {
    return this.accepting[state] === 1;
  }

  reads(state: number): boolean {
    return this.reading[state] === 1;
  }
}

/** What `expression` describes. Its `start` is DEAD if that is nothing. */
export function compileExpression(expression: Expression, budget: WorkBudget): ByteDfa {
  const nfa = new Nfa(expression, budget);
  const starts = new Set([0]);
  for (const edges of nfa.edges) for (const { low, high } of edges) starts.add(low).add(high + 1);
  const { classes, firsts } = classesFrom((byte) => starts.has(byte));
  const numbers = new Map<string, number>();
  const sets: number[][] = [];
  // States are sets without those that only lead on, so that a loop comes back to one state.
  const numberOf = (set: number[]): number => {
    const key = set.join();
    let found = numbers.get(key);
    if (found === undefined) {
      found = sets.push(set) - 1;
      numbers.set(key, found);
    }
    return found;
  };
  numberOf(nfa.closure([0]));
  const rows: number[][] = [];
  for (let state = 0; state < sets.length; state++) {
    // By class, where the members' edges lead.
    const targets: number[][] = firsts.map(() => []);
    for (const member of sets[state]!) {
      for (const { low, high, to } of nfa.edges[member]!) {
        for (let column = classes[low]!; column <= classes[high]!; column++) targets[column]!.push(to);
      }
    }
    budget.spend(
      targets.reduce((total, list) => total + 1 + list.length, 20),
      tooComplex,
    );
    rows.push(targets.map((list) => (list.length === 0 ? DEAD : numberOf(nfa.closure(list)))));
  }
  return new ByteDfa(
    classes,
    rows,
    sets.map((set) => set.includes(nfa.final)),
  );
}

/** The texts that both accept. */
export function intersect(a: ByteAutomaton, b: ByteAutomaton, budget: WorkBudget): ByteDfa {
  if (a.start === DEAD || b.start === DEAD) return new ByteDfa(new Uint8Array(256), [[DEAD]], [false]);
  const numbers = new Map<number, number>();
  const pairs: [number, number][] = [];
  const numberOf = (left: number, right: number): number => {
    const key = left * b.size + right;
    let found = numbers.get(key);
    if (found === undefined) {
      found = pairs.push([left, right]) - 1;
      numbers.set(key, found);
    }
    return found;
  };
  numberOf(a.start, b.start);
  const rows: number[][] = [];
  for (let state = 0; state < pairs.length; state++) {
    budget.spend(256, tooComplex);
    const [left, right] = pairs[state]!;
    rows.push(
      Array.from({ length: 256 }, (_, byte) => {
        const toLeft = a.next(left, byte);
        const toRight = toLeft === DEAD ? DEAD : b.next(right, byte);
        return toRight === DEAD ? DEAD : numberOf(toLeft, toRight);
      }),
    );
  }
  const accepting = pairs.map(([left, right]) => a.accepts(left) && b.accepts(right));
  return new ByteDfa(
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    rows,
    accepting,
  );
}

/** Numbers the classes of bytes, a new one where `isFirst` says so, and names the first byte of each. */
function classesFrom(isFirst: (byte: number) => boolean): { classes: Uint8Array; firsts: number[] } {
  const firsts: number[] = [];
  const classes = Uint8Array.from({ length: 256 }, (_, byte) => {
    if (isFirst(byte)) firsts.push(byte);
    return firsts.length - 1;
  });
  return { classes, firsts };
}

/** From which states an accepting one can be reached. */
function aliveStates(rows: readonly (readonly number[])[], accepting: readonly boolean[]): Uint8Array {
  const sources: number[][] = rows.map(() => []);
  rows.forEach((row, state) => {
    for (const to of new Set(row)) if (to !== DEAD) sources[to]!.push(state);
  });
  const alive = Uint8Array.from(accepting, Number);
  const open = [...alive.keys()].filter((state) => alive[state] === 1);
  for (const state of open) {
    for (const source of sources[state]!) {
      if (alive[source] === 1) continue;
      alive[source] = 1;
      open.push(source);
    }
  }
  return alive;
}
