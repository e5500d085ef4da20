// A worker of cpu-threads.test.ts: meets others at a barrier, and says how that went.

import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '../../shared/device/cpu/barrier.ts';

export interface BarrierWork {
  readonly control: SharedArrayBuffer;
  /** A number of each thread's in each of two halves. */
  readonly cells: SharedArrayBuffer;
  readonly thread: number;
  readonly threads: number;
  readonly spins: number;
  readonly rounds: number;
  /** Set once the barrier may be waited at: [0], by the test or by a thread that has broken it. */
  readonly gate: SharedArrayBuffer;
  /** What the thread does in place of its rounds. */
  readonly instead: 'break' | 'die' | undefined;
}

const { control, cells, thread, threads, spins, rounds, gate, instead } = workerData as BarrierWork;
const barrier = new Barrier(control, threads, spins);
const values = new Int32Array(cells);

/** Counts the rounds in which another thread's number was not that round's. */
function run(): number {
  let wrong = 0;
  for (let round = 1; round <= rounds; round++) {
    // As boards are used: two halves in turn, and one barrier between writing and reading.
    const half = (round % 2) * threads;
    values[half + thread] = round;
    barrier.wait();
    for (let other = 0; other < threads; other++) if (values[half + other] !== round) wrong++;
  }
  return wrong;
}

if (instead === 'die') process.exit(3);
if (instead === 'break') {
  barrier.break();
  parentPort?.postMessage('broke it');
} else {
  Atomics.wait(new Int32Array(gate), 0, 0);
  try {
    parentPort?.postMessage(run());
  } catch (error) {
    parentPort?.postMessage((error as Error).constructor.name);
  }
}
