// Where a device's threads meet. Knows nothing of what they exchange.

/** Words of the control memory; the gate has those that follow. */
const ARRIVED = 0;
const GENERATION = 1;
const BROKEN = 2;

/** Another thread failed, so that waiting for it would never end. */
export class BrokenBarrierError extends Error {}

/**
 * A barrier in shared memory for `threads` threads: spins first, since the others usually arrive within microseconds,
 * then sleeps. Spinning is pointless where threads outnumber cores: then pass 0 spins.
 */
export class Barrier {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly threads: number;
  private readonly spins: number;

  constructor(control: SharedArrayBuffer, threads: number, spins: number) {
    this.words = new Int32Array(control);
    this.threads = threads;
    this.spins = spins;
  }

  /** Returns once all threads have called it. What they wrote before is visible after. */
  wait(): void {
    const ticket = this.arrive();
    while (!this.passed(ticket, Number.POSITIVE_INFINITY));
  }

  /** The first half of `wait`, for a thread that has other things to do meanwhile; `passed` is the second. */
  arrive(): number {
    const { words } = this;
    const ticket = Atomics.load(words, GENERATION);
    // Looked at after the generation: from here on, whoever breaks the barrier also ends the wait for that generation.
    this.assertWhole();
    if (Atomics.add(words, ARRIVED, 1) === this.threads - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
    }
    return ticket;
  }

  /** Whether all have arrived; waits for it, `timeoutMs` at most. */
  passed(ticket: number, timeoutMs: number): boolean {
    const { words } = this;
    for (let i = 0; i < this.spins && Atomics.load(words, GENERATION) === ticket; i++);
    if (Atomics.load(words, GENERATION) === ticket) Atomics.wait(words, GENERATION, ticket, timeoutMs);
    if (Atomics.load(words, GENERATION) === ticket) return false;
    this.assertWhole();
    return true;
  }

  private assertWhole(): void {
    if (Atomics.load(this.words, BROKEN)) throw new BrokenBarrierError('Another thread failed');
  }

  /** Lets every thread that waits, now or later, throw. */
  break(): void {
    Atomics.store(this.words, BROKEN, 1);
    Atomics.add(this.words, GENERATION, 1);
    Atomics.notify(this.words, GENERATION);
  }
}
