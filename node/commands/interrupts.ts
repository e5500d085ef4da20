// Ctrl-C, as one event whoever passes it on.

import type { Surroundings } from './command.ts';

/** The exit code of a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/**
 * npm passes the terminal's Ctrl-C on to a child that has received it already, so that one press arrives twice; what
 * follows within this time is taken for the same press.
 */
const SAME_PRESS_MS = 400;

/** Calls `handler` at each Ctrl-C in place of ending the process, until the returned function is called. */
export function onInterrupt(handler: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const listener = (): void => {
    const now = performance.now();
    const repeated = now - last < SAME_PRESS_MS;
    last = now;
    if (!repeated) handler();
  };
  process.on('SIGINT', listener);
  return () => void process.off('SIGINT', listener);
}

/**
 * For a command with one piece of work: the first Ctrl-C calls `cancel`, a second one ends the process. It listens until
 * the end, because a press may arrive again while the command is finishing.
 */
export function cancelOnInterrupt(
  surroundings: Pick<Surroundings, 'onInterrupt'>,
  cancel: () => void,
): { readonly interrupted: boolean } {
  const state = { interrupted: false };
  surroundings.onInterrupt(() => {
    if (state.interrupted) process.exit(INTERRUPTED);
    state.interrupted = true;
    cancel();
  });
  return state;
}
