// A thread of the cpu device as a worker: loads when told to by message, then waits for commands at the gate. Knows no
// files: the entry that starts it may offer a way to open them.

import type { ByteSource } from '../../model/byte-source.ts';
import type { Milliseconds } from '../../units.ts';
import type { Step } from '../device.ts';
import { candidatesToWords, stepFromWords } from '../words.ts';
import { Barrier, BrokenBarrierError } from './barrier.ts';
import { toFailure } from './failure.ts';
import { type Command, Gate } from './gate.ts';
import { BY_MESSAGE, type FromThread, type LoadMessage, type Port, type ToThread } from './messages.ts';
import { RemoteReads } from './remote-reads.ts';
import { Thread } from './thread.ts';

export interface ThreadEnvironment {
  readonly now: () => Milliseconds;
  /** Opens what ByteSource.location names; left out where threads cannot open anything. */
  readonly open?: (location: unknown) => Promise<ByteSource>;
}

/** Serves a device over `port` until the thread is ended. */
export function serveThread(port: Port<FromThread, ToThread>, environment: ThreadEnvironment): void {
  const remote = new RemoteReads(port);
  let server: ThreadServer | undefined;
  let barrier: Barrier | undefined;
  const fail = (error: unknown): void => {
    barrier?.break();
    port.post({ type: 'failed', failure: toFailure(error), consequence: error instanceof BrokenBarrierError });
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  const load = async (message: LoadMessage): Promise<void> => {
    barrier = new Barrier(message.control, message.threads, message.spins);
    const opened =
      message.location !== undefined && environment.open ? await environment.open(message.location) : undefined;
    const source = opened ?? remote.source(message.sourceName, message.sourceSize);
    try {
      const thread = await Thread.load(message, source, environment.now, (loaded) =>
        port.post({ type: 'progress', loaded }),
      );
      server = new ThreadServer(port, message, thread, barrier);
    } finally {
      await opened?.close();
    }
    port.post({ type: 'loaded' });
    server.obey();
  };
  port.receive((message) => {
    switch (message.type) {
      case 'load':
        load(message).catch(fail);
        return;
      case 'bytes':
        return remote.arrived(message.request, message.bytes);
      case 'no-bytes':
        return remote.refused(message.request, message.failure);
      case 'timings':
        port.post({ type: 'timings', timings: server?.thread.timings() ?? [] });
        guarded(() => server?.obey());
    }
  });
}

class ThreadServer {
  readonly thread: Thread;
  private readonly port: Port<FromThread, ToThread>;
  private readonly barrier: Barrier;
  private readonly gate: Gate;
  private readonly stepWords: Int32Array;
  private readonly answer: Int32Array;
  private step: Step = { runs: [] };
  private stepNumber = -1;

  constructor(port: Port<FromThread, ToThread>, message: LoadMessage, thread: Thread, barrier: Barrier) {
    this.port = port;
    this.thread = thread;
    this.barrier = barrier;
    this.gate = new Gate(message.control, message.spins);
    this.stepWords = new Int32Array(message.step);
    this.answer = new Int32Array(message.answer);
  }

  /** Returns when told to listen to messages again. */
  obey(): void {
    for (let command = this.gate.wait(); command; command = this.gate.wait()) this.run(command);
  }

  private run({ segment, stepNumber, stepWords }: Command): void {
    if (stepNumber !== this.stepNumber) {
      this.step = stepFromWords(this.stepWords.subarray(0, stepWords));
      this.stepNumber = stepNumber;
    }
    const candidates = this.thread.run(this.step, segment, this.barrier);
    if (candidates.length > 0) {
      const words = candidatesToWords(candidates);
      const fits = words.length < this.answer.length;
      this.answer[0] = fits ? words.length : BY_MESSAGE;
      if (fits) this.answer.set(words, 1);
      else this.port.post({ type: 'answer', words: words.slice() });
    }
    this.barrier.wait();
  }
}
