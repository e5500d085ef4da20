// The model in its own thread, as the thread that serves sees it.

import { Worker } from 'node:worker_threads';
import type { ServedRequest } from '../../shared/api/openai/served-model.ts';
import type { EngineStatus } from '../../shared/engine/engine.ts';
import { EngineClosedError } from '../../shared/engine/errors.ts';
import { type Generation, TokenStream } from '../../shared/engine/generation.ts';
import type { Output } from '../commands/command.ts';
import type { OptionValues } from '../commands/options.ts';
import {
  type EngineThreadData,
  type FromEngine,
  type Happenings,
  TOKEN_NUMBERS,
  type ToEngine,
} from './engine-messages.ts';
import type { PooledEngine } from './engine-pool.ts';
import { receivedError } from './sent-errors.ts';

interface Running {
  readonly stream: TokenStream;
  readonly accepted: PromiseWithResolvers<Generation>;
}

export class EngineClient implements PooledEngine {
  readonly ready: Promise<void>;
  private readonly worker: Worker;
  private readonly notes: Output;
  private readonly running = new Map<number, Running>();
  private readonly started = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();
  private lastId = 0;
  private loadedShare = 0;
  private lastStatus: EngineStatus = { running: 0, waiting: 0, slots: 0, seqLen: 0 };
  private failure: Error | undefined;

  constructor(options: OptionValues, notes: Output, onDeath: (error: Error) => void) {
    this.notes = notes;
    this.ready = this.started.promise;
    const { isTerminal, columns } = notes;
    this.worker = new Worker(new URL('./engine-thread.ts', import.meta.url), {
      workerData: { options, notes: { isTerminal, columns } } satisfies EngineThreadData,
    });
    this.worker.on('message', (message: FromEngine) => this.hear(message));
    this.worker.on('error', (error) => this.die(error, onDeath));
    this.worker.on('exit', () => {
      this.die(new EngineClosedError(), () => {});
      this.ended.resolve();
    });
  }

  get progress(): number {
    return this.loadedShare;
  }

  get status(): EngineStatus {
    return this.lastStatus;
  }

  generate(request: ServedRequest): Promise<Generation> {
    if (this.failure) return Promise.reject(this.failure);
    const id = ++this.lastId;
    const stream = new TokenStream((reason) => this.tell({ type: 'cancel', id, reason }));
    const accepted = Promise.withResolvers<Generation>();
    this.running.set(id, { stream, accepted });
    this.tell({ type: 'generate', id, request });
    return accepted.promise;
  }

  async close(): Promise<void> {
    this.tell({ type: 'close' });
    await this.ended.promise;
  }

  private tell(message: ToEngine): void {
    this.worker.postMessage(message);
  }

  private hear(message: FromEngine): void {
    switch (message.type) {
      case 'note':
        return this.notes.write(message.text);
      case 'loading':
        this.loadedShare = message.share;
        return;
      case 'ready':
        this.lastStatus = message.status;
        return this.started.resolve();
      case 'broken':
        return this.started.reject(receivedError(message.error));
      case 'happened':
        this.happened(message);
    }
  }

  private happened({ accepted, tokens, detailed, ended, status }: Happenings): void {
    this.lastStatus = status;
    for (const id of accepted) {
      const running = this.running.get(id);
      running?.accepted.resolve(running.stream);
    }
    const at = performance.now();
    for (let i = 0; i < tokens.length; i += TOKEN_NUMBERS) {
      const [request, id, index, isStop] = tokens.subarray(i, i + TOKEN_NUMBERS);
      this.running
        .get(request!)
        ?.stream.push({ id: id!, index: index!, isStop: isStop === 1, logprobs: undefined, at });
    }
    for (const { id, token } of detailed) this.running.get(id)?.stream.push({ ...token, at });
    for (const end of ended) {
      const running = this.running.get(end.id);
      this.running.delete(end.id);
      if (!running) continue;
      if (end.type === 'ended') running.stream.end(end.summary);
      else this.fail(running, receivedError(end.error));
    }
  }

  private die(error: Error, onDeath: (error: Error) => void): void {
    if (this.failure) return;
    this.failure = error;
    this.started.reject(error);
    for (const running of this.running.values()) this.fail(running, error);
    this.running.clear();
    onDeath(error);
  }

  private fail({ stream, accepted }: Running, error: Error): void {
    accepted.reject(error);
    stream.fail(error);
  }
}
