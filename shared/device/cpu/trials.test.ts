import { expect, test } from 'vitest';
import { Trials, type Way } from './trials.ts';

/** How long a way takes, each time or by its turn. */
type Takes = number | ((turn: number) => number);

/** Pieces of work that take as long as they are told, and note which way they went. */
function trialsOf(...pieces: (readonly [Takes, Takes])[]) {
  let now = 0;
  const went: string[] = [];
  const trials = new Trials(() => now);
  const works = pieces.map((takes, piece) => {
    const way = (name: 0 | 1): Way => {
      let turn = 0;
      return () => {
        const ms = takes[name];
        now += typeof ms === 'number' ? ms : ms(turn++);
        went.push(`${piece}${name}`);
      };
    };
    return trials.of([way(0), way(1)]);
  });
  const run = (rounds: number): void => {
    for (let i = 0; i < rounds; i++) {
      for (const work of works) work();
      now += 1000; // what happens between is nobody's
    }
  };
  return { run, went, works };
}

test.each([
  ['first', [1, 2], '00'],
  ['second', [2, 1], '01'],
] as const)('after a trial all goes the %s way, if that is faster', (_, takes, expected) => {
  const { run, went } = trialsOf(takes);
  run(100);
  expect(went.slice(0, 4)).toEqual(['00', '01', '00', '01']);
  run(100);
  expect(new Set(went.slice(-50))).toEqual(new Set([expected]));
});

test('pieces decide together, by what they take together', () => {
  const { run, went } = trialsOf([1, 2], [9, 4]);
  run(100);
  expect(new Set(went.slice(-20))).toEqual(new Set(['01', '11']));
});

test('each way is taken twice before it is over, however long that takes', () => {
  const { run, went } = trialsOf([5000, 4000]);
  run(6);
  expect(went).toEqual(['00', '01', '00', '01', '01', '01']);
});

test('turns that something disturbed do not count, nor do those before the engine had optimised', () => {
  const { run, went } = trialsOf([(turn) => (turn < 3 ? 30 : 1), 2]);
  run(300);
  expect(went.at(-1)).toBe('00');
});

test('pieces of work that never run do not matter', () => {
  const { went, works } = trialsOf([2, 1], [1, 100]);
  for (let i = 0; i < 200; i++) works[0]!();
  expect(went.at(-1)).toBe('01');
});
