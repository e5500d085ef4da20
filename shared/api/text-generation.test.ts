import { describe, expect, test } from 'vitest';
import { tinyVocabulary } from '../../test/fixtures/tiny-models.ts';
import { createEngine } from '../engine/engine.ts';
import { type FinishReason, type GenerationSummary, TokenStream } from '../engine/generation.ts';
import { type ToyOptions, toyStepper } from '../engine/toy-stepper.ts';
import { requestMetrics } from '../measure/request-metrics.ts';
import { createTokenizer } from '../text/tokenizer.ts';
import { collectText, generateText, readText, type TextPiece, type TextRequest } from './text-generation.ts';

const tokenizer = createTokenizer(tinyVocabulary(300));

function setup(options: ToyOptions = {}) {
  const stepper = toyStepper({ vocabSize: 300, seqLen: 100, ...options });
  const engine = createEngine(stepper, { clock: () => performance.now() });
  const start = (request: Partial<TextRequest> = {}) =>
    generateText(engine, tokenizer, { prompt: [1, 70], maxTokens: 30, sampling: { seed: 4 }, stopIds: [], ...request });
  return { engine, stepper, start };
}

async function piecesOf(pieces: AsyncIterable<TextPiece>): Promise<TextPiece[]> {
  const all: TextPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

function summary(finishReason: FinishReason): GenerationSummary {
  const times = { requestedAt: 0, firstTokenAt: 1, finishedAt: 2, inputTokens: 1, outputTokens: 8 };
  const none = { tokens: 0, ms: 0 };
  return {
    finishReason,
    metrics: requestMetrics(times),
    queuedMs: 0,
    reusedTokens: 0,
    evaluation: none,
    prediction: none,
  };
}

describe('pieces', () => {
  test('are whole characters, and together the text of the tokens', async () => {
    const generation = setup().start();
    const pieces = await piecesOf(generation);
    const ids = pieces.flatMap(({ tokens }) => tokens.map(({ id }) => id));
    expect(ids).toHaveLength(30);
    const summary = await generation.finished;
    expect(summary).toMatchObject({ finishReason: 'length', textTokens: 30, text: tokenizer.decode(ids) });
    expect(pieces.map(({ text }) => text).join('')).toBe(summary.text);
    expect(pieces.slice(0, -1).filter(({ text }) => text === '')).toEqual([]);
  });

  test('hold nothing of a stop text, and the rest is not generated', async () => {
    const { text } = await collectText(setup().start());
    const stop = text.slice(8, 11);
    const { start, stepper } = setup();
    const summary = await collectText(start({ stop: ['never', stop], maxTokens: 90 }));
    expect(summary).toMatchObject({ finishReason: 'stop', text: text.slice(0, text.indexOf(stop)) });
    expect(summary.textTokens).toBeLessThan(20);
    expect(stepper.computed).toBeLessThan(40);
  });

  test('end with a stop token, which is no text', async () => {
    const [first] = await piecesOf(setup().start());
    const id = first.tokens[0].id;
    const summary = await collectText(setup().start({ stopIds: [id] }));
    expect(summary).toMatchObject({ finishReason: 'stop', text: '', textTokens: 1 });
  });

  test('what looked like the beginning of a stop text comes in the end', async () => {
    const plain = await collectText(setup().start());
    const stopped = await collectText(setup().start({ stop: [`${plain.text.slice(-2)}!`] }));
    expect(stopped).toMatchObject({ finishReason: 'length', text: plain.text });
  });
});

test.each([
  ['together', [], 'abcdefgh', 8],
  ['together up to a stop text', ['cd', 'fg'], 'ab', 4],
])('tokens that came %s are one piece', async (_, stop, text, textTokens) => {
  const cancelled: string[] = [];
  const stream = new TokenStream((reason) => {
    cancelled.push(reason);
    stream.end(summary('cancelled'));
  });
  const ids = tokenizer.encode('abcdefgh', { bos: false });
  for (const [index, id] of ids.entries()) stream.push({ id, index, isStop: false, logprobs: undefined, at: 0 });
  if (stop.length === 0) stream.end(summary('stop'));
  const generation = readText(stream, tokenizer, { stop, continues: true });
  expect(await piecesOf(generation)).toMatchObject([{ text, tokens: { length: textTokens } }]);
  expect(await generation.finished).toMatchObject({ finishReason: 'stop', text, textTokens });
  expect(cancelled).toEqual(stop.length === 0 ? [] : ['stop']);
});

test('leaving the loop cancels', async () => {
  const { start, engine } = setup();
  const generation = start({ maxTokens: 90 });
  for await (const _ of generation) break;
  expect((await generation.finished).finishReason).toBe('cancelled');
  expect(engine.status().running).toBe(0);
});

test('a failing step fails the loop and the summary', async () => {
  const generation = setup({
    onStep: (_, number) => {
      if (number === 3) throw new Error('no power');
    },
  }).start();
  await expect(piecesOf(generation)).rejects.toThrow('no power');
  await expect(generation.finished).rejects.toThrow('no power');
});

test('an impossible request is refused at once', () => {
  expect(() => setup().start({ prompt: Array(101).fill(5) })).toThrow(/shorten it/);
});
