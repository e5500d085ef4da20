// The thread that runs the model: steps compute on the thread that calls them, and a server must answer meanwhile. Loads
// what its options name, alone or on a cluster, and generates for whoever is at the other end of its port.

import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { anyJsonObject, compileJsonSchema } from '../../shared/api/json/json-grammar.ts';
import { type PieceTrie, pieceTrie } from '../../shared/api/json/piece-trie.ts';
import { createConstraint } from '../../shared/api/json/token-constraint.ts';
import type { AnswerFormat } from '../../shared/api/openai/served-model.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { GeneratedToken, Generation } from '../../shared/engine/generation.ts';
import type { GenerateRequest } from '../../shared/engine/request.ts';
import type { Milliseconds } from '../../shared/units.ts';
import { type ModelFiles, openModelFiles } from '../commands/model-files.ts';
import { type RunningModel, startModel } from '../commands/open-model.ts';
import { PARTS } from '../parts.ts';
import type { EngineEnd, EngineThreadData, FromEngine, ToEngine } from './engine-messages.ts';
import { sentError } from './sent-errors.ts';

const port = parentPort!;
const { options, notes } = workerData as EngineThreadData;
const tell = (message: FromEngine): void => port.postMessage(message);

/**
 * Between two messages with tokens of a request, where they come faster: as long as a display shows an image. A token
 * costs the thread that serves, and its client, far less in company than alone.
 */
const REST_MS: Milliseconds = 16;

class EngineThread {
  private readonly files: ModelFiles;
  private readonly model: RunningModel;
  private readonly running = new Map<number, Generation>();
  private outbox: Outbox | undefined;
  private resting: Promise<void> | undefined;
  private trie: PieceTrie | undefined;

  constructor(files: ModelFiles, model: RunningModel) {
    this.files = files;
    this.model = model;
  }

  hear(message: ToEngine): void {
    if (message.type === 'generate') {
      this.generate(message).catch((error) =>
        this.happened().ended.push({ type: 'failed', id: message.id, error: sentError(error) }),
      );
    } else if (message.type === 'cancel') {
      this.running.get(message.id)?.cancel(message.reason);
      this.running.delete(message.id);
    } else {
      this.close().then(() => process.exit(0));
    }
  }

  private async generate({ id, request }: Extract<ToEngine, { type: 'generate' }>): Promise<void> {
    const { engine } = this.model;
    const { format, ...asked } = request;
    const order: GenerateRequest = format ? { ...asked, constraint: this.constraintOf(format) } : asked;
    // Nodes that came or went take effect between requests.
    if (isIdle(engine)) await this.model.settle();
    const generation = engine.generate(order);
    this.running.set(id, generation);
    this.happened().accepted.push(id);
    try {
      for await (const batch of generation) {
        const { detailed, tokens } = this.happened();
        for (const token of batch) {
          if (token.logprobs) detailed.push({ id, token });
          else tokens.push(id, token.id, token.index, token.isStop ? 1 : 0);
        }
        await Promise.race([this.rest(), generation.finished]);
      }
      this.happened().ended.push({ type: 'ended', id, summary: await generation.finished });
    } finally {
      this.running.delete(id);
    }
  }

  private async close(): Promise<void> {
    await this.model[Symbol.asyncDispose]();
    await this.files[Symbol.asyncDispose]();
  }

  private constraintOf(format: AnswerFormat) {
    const { tokenizer } = this.files;
    this.trie ??= pieceTrie(tokenizer);
    const grammar = format.type === 'json' ? anyJsonObject() : compileJsonSchema(format.schema);
    return createConstraint(grammar, this.trie, tokenizer.eosIds);
  }

  /** What happens in one turn goes in one message, before the next step begins. */
  private happened(): Outbox {
    if (!this.outbox) {
      this.outbox = { accepted: [], tokens: [], detailed: [], ended: [] };
      process.nextTick(() => this.send());
    }
    return this.outbox;
  }

  /** Until tokens are sent again: at the same time for all requests, so that they go together. */
  private rest(): Promise<void> {
    this.resting ??= setTimeout(REST_MS).then(() => {
      this.resting = undefined;
    });
    return this.resting;
  }

  private send(): void {
    const { accepted, tokens, detailed, ended } = this.outbox!;
    this.outbox = undefined;
    const status = this.model.engine.status();
    tell({ type: 'happened', accepted, tokens: Float64Array.from(tokens), detailed, ended, status });
  }
}

interface Outbox {
  readonly accepted: number[];
  readonly tokens: number[];
  readonly detailed: { readonly id: number; readonly token: GeneratedToken }[];
  readonly ended: EngineEnd[];
}

const isIdle = (engine: Engine): boolean => {
  const { running, waiting } = engine.status();
  return running + waiting === 0;
};

try {
  const surroundings = {
    ...PARTS,
    notes: { ...notes, write: (text: string) => tell({ type: 'note', text }) },
    onLoading: (share: number) => tell({ type: 'loading', share }),
  };
  const files = await openModelFiles('serve', options, surroundings);
  const model = await startModel(files, options, surroundings);
  const thread = new EngineThread(files, model);
  port.on('message', (message: ToEngine) => thread.hear(message));
  tell({ type: 'ready', status: model.engine.status() });
} catch (error) {
  tell({ type: 'broken', error: sentError(error) });
}
