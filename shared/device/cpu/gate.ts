// How the device's own thread sets the others to work: a command in shared memory, which they wait for as they wait for
// each other, spinning before they sleep. A message would take 50 µs each way, and a step may have a hundred segments.

/** Words of the control memory: after the barrier's. */
const SEQUENCE = 3;
const SEGMENT = 4;
const STEP_NUMBER = 5;
const STEP_WORDS = 6;
export const CONTROL_BYTES = 32;

/** In place of a segment: go back to reading messages. */
const LISTEN = -1;

/** Run a segment of the step of that number, which is so many words long. */
export interface Command {
  readonly segment: number;
  readonly stepNumber: number;
  readonly stepWords: number;
}

export class Gate {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly spins: number;
  private seen = 0;

  constructor(control: SharedArrayBuffer, spins: number) {
    this.words = new Int32Array(control);
    this.spins = spins;
  }

  /** Must not be called before all threads have done what the command before asked for. */
  give({ segment, stepNumber, stepWords }: Command): void {
    this.words[STEP_NUMBER] = stepNumber;
    this.words[STEP_WORDS] = stepWords;
    this.open(segment);
  }

  /** Sends the threads back to their messages. */
  listen(): void {
    this.open(LISTEN);
  }

  private open(segment: number): void {
    this.words[SEGMENT] = segment;
    Atomics.add(this.words, SEQUENCE, 1);
    Atomics.notify(this.words, SEQUENCE);
  }

  /** The next command; undefined: read messages. */
  wait(): Command | undefined {
    const { words, seen } = this;
    for (let i = 0; i < this.spins && Atomics.load(words, SEQUENCE) === seen; i++);
    while (Atomics.load(words, SEQUENCE) === seen) Atomics.wait(words, SEQUENCE, seen);
    this.seen++;
    const segment = words[SEGMENT];
    return segment === LISTEN ? undefined : { segment, stepNumber: words[STEP_NUMBER], stepWords: words[STEP_WORDS] };
  }
}
