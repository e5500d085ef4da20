// The model behind the API, as a port: where and on how many nodes it runs is not the API's matter.

import type { EngineStatus } from '../../engine/engine.ts';
import type { Generation } from '../../engine/generation.ts';
import type { GenerateRequest } from '../../engine/request.ts';
import type { SamplingSettings } from '../../engine/sampling.ts';
import type { ChatTemplate } from '../../text/chat-template.ts';
import type { Tokenizer } from '../../text/tokenizer.ts';
import type { ToolNotation } from './tool-notation.ts';

/** What an answer must look like; absent: like anything. Data, so that it can go to another thread. */
export type AnswerFormat = { readonly type: 'json' } | { readonly type: 'schema'; readonly schema: unknown };

export interface ServedRequest extends Omit<GenerateRequest, 'constraint'> {
  readonly format?: AnswerFormat | undefined;
}

export interface ServedModel {
  readonly id: string;
  /** When it was loaded, in seconds since 1970. */
  readonly created: number;
  readonly tokenizer: Tokenizer;
  /** Undefined where the model has none: then it can go on with texts, but not answer messages. */
  readonly template: ChatTemplate | undefined;
  /** How it writes calls of tools. */
  readonly tools: ToolNotation;
  readonly seqLen: number;
  /** Where a request leaves it open. */
  readonly sampling: Pick<SamplingSettings, 'temperature' | 'topP' | 'topK' | 'minP' | 'repetitionPenalty'>;
  /** Resolves once the request has its place, in a slot or the queue; rejects with the engine's errors if it gets none. */
  generate(request: ServedRequest): Promise<Generation>;
  status(): EngineStatus;
}
