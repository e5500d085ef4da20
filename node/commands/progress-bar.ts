// How far a long piece of work is, on a line of its own that disappears in the end. Silent where nobody looks.

import type { Output } from './command.ts';

/** Work that is shorter shows nothing. */
const INTERVAL_MS = 100;

export interface ProgressBar extends Disposable {
  update(done: number, total: number): void;
  /** Removes it; disposing does so too. */
  clear(): void;
}

/** `unit` is what `done` and `total` count, and `scale` how many of them make one of it: MB and 1e6 for bytes. */
export function progressBar(label: string, unit: string, scale: number, output: Output): ProgressBar {
  if (!output.isTerminal) return { update() {}, clear() {}, [Symbol.dispose]() {} };
  const begun = performance.now();
  let drawn = begun;
  const clear = (): void => {
    if (drawn > begun) output.write('\r\x1b[K');
    drawn = begun;
  };
  return {
    update(done, total) {
      const now = performance.now();
      if (now - drawn < INTERVAL_MS) return; // drawing more often is not seen
      drawn = now;
      const rate = (done / scale / (now - begun)) * 1000;
      const counts = `${count(done / scale)} of ${count(total / scale)} ${unit}, ${count(rate)} ${unit}/s`;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      output.write(`\r${barLine(label, share, counts, output.columns - 1)}\x1b[K`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** The bar takes the room that the words leave, and there is none if they leave little. */
export function barLine(label: string, share: number, counts: string, columns: number): string {
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  const words = `${label}  ${percent} %  ${counts}`;
  const room = Math.min(40, columns - words.length - 2);
  if (room < 5) return words.slice(0, columns);
  const full = Math.round(room * share);
  return `${label}  ${'█'.repeat(full)}${'░'.repeat(room - full)}  ${percent} %  ${counts}`;
}
