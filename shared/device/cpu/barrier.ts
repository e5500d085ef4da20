// Where a device's threads meet. Knows nothing of what they exchange.

const ARRIVED = 0;
const GENERATION = 1;
const BROKEN = 2;
export const BARRIER_BYTES = 16;

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

  constructor(memory: SharedArrayBuffer, threads: number, spins: number) {
    this.words = new Int32Array(memory, 0, BARRIER_BYTES / 4);
    this.threads = threads;
    this.spins = spins;
  }

  /** Returns once all threads have called it. What they wrote before is visible after. */
  wait(): void {
    const { words } = this;
    const generation = Atomics.load(words, GENERATION);
    // Looked at after the generation: from here on, whoever breaks the barrier also ends the wait for that generation.
    this.assertWhole();
    if (Atomics.add(words, ARRIVED, 1) === this.threads - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
    } else {
      this.waitFor(generation);
    }
    this.assertWhole();
  }

  private assertWhole(): void {
    if (Atomics.load(this.words, BROKEN)) throw new BrokenBarrierError('Another thread failed');
  }

  private waitFor(generation: number): void {
    for (let i = 0; i < this.spins; i++) {
      if (Atomics.load(this.words, GENERATION) !== generation) return;
    }
    while (Atomics.load(this.words, GENERATION) === generation) Atomics.wait(this.words, GENERATION, generation);
  }

  /** Lets every thread that waits, now or later, throw. */
  break(): void {
    Atomics.store(this.words, BROKEN, 1);
    Atomics.add(this.words, GENERATION, 1);
    Atomics.notify(this.words, GENERATION);
  }
}
