// An expression as a nondeterministic automaton (Thompson's construction): states with byte edges, and edges that read
// nothing. Knows no JSON.

import type { Expression } from './expression.ts';
import type { WorkBudget } from './work-budget.ts';

interface Edge {
  readonly low: number;
  readonly high: number;
  readonly to: number;
}

const tooComplex = 'a pattern, a range or a repetition has too many states';

export class Nfa {
  readonly edges: Edge[][] = [];
  readonly final: number;
  private readonly free: number[][] = [];
  private readonly budget: WorkBudget;

  constructor(expression: Expression, budget: WorkBudget) {
    this.budget = budget;
    this.final = this.build(expression, this.add());
  }

  /** States that read a byte or are final, of all that are reached from `states` without reading; ascending. */
  closure(states: Iterable<number>): number[] {
    const reached = new Set(states);
    for (const state of reached) for (const to of this.free[state]!) reached.add(to);
    this.budget.spend(reached.size, tooComplex);
    return [...reached].filter((state) => this.edges[state]!.length > 0 || state === this.final).sort((a, b) => a - b);
  }

  private add(): number {
    this.edges.push([]);
    return this.free.push([]) - 1;
  }

  /** Adds what reads `expression` from the state `from`, and returns the state where it has been read. */
  private build(expression: Expression, from: number): number {
    this.budget.spend(20, tooComplex);
    switch (expression.kind) {
      case 'byte': {
        const to = this.add();
        this.edges[from]!.push({ low: expression.low, high: expression.high, to });
        return to;
      }
      case 'sequence':
        return expression.parts.reduce((at, part) => this.build(part, at), from);
      case 'either': {
        const to = this.add();
        for (const part of expression.parts) this.free[this.build(part, from)]!.push(to);
        return to;
      }
      case 'repeat':
        return this.buildRepeat(expression.part, expression.min, expression.max, from);
    }
  }

  private buildRepeat(part: Expression, min: number, max: number, from: number): number {
    let at = from;
    for (let i = 0; i < min; i++) at = this.build(part, at);
    const to = this.add();
    this.free[at]!.push(to);
    if (max === Number.POSITIVE_INFINITY) {
      this.free[this.build(part, to)]!.push(to);
      return to;
    }
    for (let i = min; i < max; i++) {
      at = this.build(part, at);
      this.free[at]!.push(to);
    }
    return to;
  }
}
