// The answers to one request, of which there may be several: starts them, and gives their pieces in the order in which
// they come. Knows no form in which they are sent.

import { readText, type TextGeneration, type TextPiece, type TextSummary } from '../text-generation.ts';
import type { ServedModel, ServedRequest } from './served-model.ts';

export interface Choices {
  /** To be iterated once. Leaving the loop early cancels them all. */
  pieces(): AsyncGenerator<ChoiceEvent, void, undefined>;
  cancel(): void;
}

export type ChoiceEvent =
  | { readonly type: 'piece'; readonly index: number; readonly piece: TextPiece }
  | { readonly type: 'end'; readonly index: number; readonly summary: TextSummary };

export interface ChoiceRequest extends ServedRequest {
  readonly stop: readonly string[];
  readonly continues: boolean;
}

/** One answer a request. Rejects, and ends those that began, if one of them gets no place. */
export async function startChoices(model: ServedModel, requests: readonly ChoiceRequest[]): Promise<Choices> {
  const begun = await Promise.allSettled(requests.map((request) => startOne(model, request)));
  const choices = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const cancel = (): void => {
    for (const choice of choices) choice.cancel();
  };
  const refused = begun.find((one) => one.status === 'rejected');
  if (refused) {
    cancel();
    throw refused.reason;
  }
  return { pieces: () => inOrderOfComing(choices.map(eventsOf), cancel), cancel };
}

async function startOne(model: ServedModel, request: ChoiceRequest): Promise<TextGeneration> {
  const { stop, continues, ...asked } = request;
  return readText(await model.generate(asked), model.tokenizer, { stop, continues });
}

async function* eventsOf(generation: TextGeneration, index: number): AsyncGenerator<ChoiceEvent, void, undefined> {
  for await (const piece of generation) yield { type: 'piece', index, piece };
  yield { type: 'end', index, summary: await generation.finished };
}

/** Of all sources whatever comes next. The first that fails fails it. */
async function* inOrderOfComing<Item>(
  sources: readonly AsyncGenerator<Item, void, undefined>[],
  cancel: () => void,
): AsyncGenerator<Item, void, undefined> {
  const next = async (source: AsyncGenerator<Item, void, undefined>) => ({ source, result: await source.next() });
  const waiting = new Map(sources.map((source) => [source, next(source)]));
  for (const promise of waiting.values()) promise.catch(() => {}); // thrown where it is awaited
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(source);
      else {
        waiting.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    cancel();
  }
}
