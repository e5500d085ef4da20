import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyProgram } from '../../../test/fixtures/any-program.ts';
import type { Op, Program } from '../../program/program.ts';
import { type Range, rangeLength } from '../../units.ts';
import { type Form, inputsOf, outputsOf, ownRows, planShares, planThread } from './thread-plan.ts';

const threadCounts = fc.integer({ min: 1, max: 9 });
const opsOf = (program: Program): Op[] => program.segments.flatMap(({ ops }) => [...ops]);

/** How many of `ranges` hold each number of `whole`; none may reach outside. */
function owners(whole: Range, ranges: readonly Range[]): number[] {
  const counts = new Array<number>(rangeLength(whole)).fill(0);
  for (const { start, end } of ranges) {
    if (start === end) continue;
    expect(start).toBeGreaterThanOrEqual(whole.start);
    expect(end).toBeLessThanOrEqual(whole.end);
    for (let i = start; i < end; i++) counts[i - whole.start]++;
  }
  return counts;
}

describe('planShares', () => {
  test('gives every row of every weight to one thread, and keys and values to those that read them', () => {
    fc.assert(
      fc.property(anyProgram, threadCounts, (program, threads) => {
        const shares = planShares(program, threads);
        const all = Array.from({ length: threads }, (_, thread) => thread);
        const shared = new Set(opsOf(program).flatMap((op) => (op.op === 'attention' ? [op.k, op.v] : [])));
        for (const op of opsOf(program)) {
          if (op.op === 'embedding') {
            const counts = owners(
              op.table.rows,
              all.map((thread) => shares.vocabulary(op.table.rows, thread)),
            );
            expect(counts.every((count) => count === 1)).toBe(true);
          } else if (op.op === 'matmul') {
            const counts = owners(
              op.weight.rows,
              all.map((thread) => ownRows(op, shares, thread)),
            );
            expect(counts.every((count) => (shared.has(op.out) ? count >= 1 : count === 1))).toBe(true);
          }
        }
      }),
    );
  });

  test('gives a thread the key-value heads that its query heads read', () => {
    fc.assert(
      fc.property(anyProgram, threadCounts, (program, threads) => {
        const shares = planShares(program, threads);
        for (const op of opsOf(program)) {
          if (op.op !== 'attention') continue;
          const queries = Array.from({ length: threads }, (_, thread) => shares.heads(op, thread).heads);
          expect(owners(op.heads, queries).every((count) => count === 1)).toBe(true);
          for (let thread = 0; thread < threads; thread++) {
            const { heads, kvHeads } = shares.heads(op, thread);
            for (let head = heads.start; head < heads.end; head++) {
              const read = Math.floor(head / op.headsPerKvHead);
              expect(read >= kvHeads.start && read < kvHeads.end).toBe(true);
            }
            const columns = shares.columns(op.q, thread);
            expect(rangeLength(columns)).toBe(rangeLength(heads) * op.headDim);
            expect(shares.columns(op.out, thread)).toEqual(columns);
            expect(rangeLength(shares.columns(op.k, thread))).toBe(rangeLength(kvHeads) * op.headDim);
          }
        }
      }),
    );
  });

  test('cuts operands that meet column by column alike', () => {
    fc.assert(
      fc.property(anyProgram, threadCounts, (program, threads) => {
        const shares = planShares(program, threads);
        for (const op of opsOf(program)) {
          if (op.op !== 'silu-mul' && op.op !== 'gelu-mul') continue;
          for (let thread = 0; thread < threads; thread++) {
            const [gate, up, out] = [op.gate, op.up, op.out].map((name) => shares.columns(name, thread));
            expect([gate, up]).toEqual([out, out]);
          }
        }
      }),
    );
  });
});

/** The form in which an op needs its inputs, where it computes in `form`. */
function neededForm(op: Op, form: Form): Form {
  if (op.op === 'matmul') return 'full';
  if (op.op === 'rms-norm' || op.op === 'quantise' || op.op === 'add') return form;
  return 'columns';
}

describe('planThread', () => {
  test('leaves every buffer in the form in which it is read next, over all segments of a step', () => {
    fc.assert(
      fc.property(anyProgram, threadCounts, fc.boolean(), (program, threads, manyTokens) => {
        const forms = new Map<string, Form>();
        for (const segment of program.segments) {
          const plan = planThread(program, segment, threads, manyTokens);
          const read = (name: string, form: Form): void => {
            expect(forms.get(name), `${name} is read`).toBe(form);
          };
          const write = (name: string, form: Form): void => {
            expect((form === 'columns' ? plan.columns : plan.rows).has(name), `${name} has room as ${form}`).toBe(true);
            forms.set(name, form);
          };
          for (const instruction of plan.instructions) {
            switch (instruction.do) {
              case 'take-input':
                write(instruction.buffer, instruction.form);
                break;
              case 'embed':
                write(instruction.op.out, instruction.form);
                break;
              case 'exchange':
                read(instruction.buffer, instruction.from);
                expect(instruction.from).not.toBe(instruction.to);
                // Columns are cut from rows that are everywhere.
                if (instruction.to === 'columns') expect(instruction.from).toBe('full');
                write(instruction.buffer, instruction.to);
                break;
              case 'pick':
                expect(instruction.form).not.toBe('columns');
                read(instruction.input, instruction.form);
                write(instruction.out, 'full');
                break;
              case 'op':
                for (const name of inputsOf(instruction.op)) read(name, neededForm(instruction.op, instruction.form));
                for (const name of outputsOf(instruction.op)) write(name, instruction.form);
                break;
              case 'give-output':
                read(instruction.buffer, instruction.form);
            }
          }
          if (threads === 1)
            expect(plan.instructions.some(({ do: what, ...rest }) => 'form' in rest && rest.form === 'tokens')).toBe(
              false,
            );
        }
      }),
    );
  });

  test('runs every op of the segment once, in order', () => {
    fc.assert(
      fc.property(anyProgram, threadCounts, fc.boolean(), (program, threads, manyTokens) => {
        for (const segment of program.segments) {
          const { instructions } = planThread(program, segment, threads, manyTokens);
          const names = instructions.flatMap((instruction) =>
            instruction.do === 'op' || instruction.do === 'embed'
              ? [instruction.op.op]
              : instruction.do === 'pick'
                ? ['pick-rows']
                : [],
          );
          expect(names).toEqual(segment.ops.map(({ op }) => op));
        }
      }),
    );
  });

  test('exchanges four times a layer while tokens are few', () => {
    fc.assert(
      fc.property(anyProgram, fc.integer({ min: 2, max: 9 }), (program, threads) => {
        const barriers = program.segments
          .flatMap((segment) => planThread(program, segment, threads, false).instructions)
          .filter((instruction) => instruction.do === 'exchange' && instruction.to !== 'columns').length;
        const isWhole = program.segments.length === 1;
        if (isWhole) expect(barriers).toBe(4 * program.cache.layers);
      }),
    );
  });
});
