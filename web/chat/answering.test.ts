import { expect, test } from 'vitest';
import type { StreamEvent } from '../server/chat-stream.ts';
import { CutOffError, NoServerError, RefusedError } from '../server/server-errors.ts';
import { type Progress, type Surroundings, writeAnswer } from './answering.ts';
import { type Answer, newAnswer } from './conversation.ts';

type Attempt = readonly (StreamEvent | Error | 'second')[];

const text = (piece: string): StreamEvent => ({ type: 'text', text: piece });
const end = (reason = 'stop'): StreamEvent => ({ type: 'end', reason });

const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Answers each request as the next attempt says. While it does, time passes only as the attempt says; else none is lost. */
function scene(attempts: Attempt[], changes: Partial<Surroundings> = {}) {
  let nowMs = 0;
  let isAsking = false;
  const abort = new AbortController();
  const saved: Answer[] = [];
  const seen: string[] = [];
  const say = (progress: Progress): string =>
    progress.kind === 'queued' ? `queued ${progress.secondsLeft}` : progress.kind;
  const around: Surroundings = {
    async *ask() {
      isAsking = true;
      try {
        for (const event of attempts.shift()!) {
          if (event === 'second') nowMs += 1000;
          await moment();
          await moment();
          abort.signal.throwIfAborted();
          if (event instanceof Error) throw event;
          if (event !== 'second') yield event;
        }
      } finally {
        isAsking = false;
      }
    },
    untilReady: async () => {},
    lookAfter: async () => true,
    askKey: async () => true,
    save: async (answer) => void saved.push(answer),
    show: (_, progress) => {
      if (seen.at(-1) !== say(progress)) seen.push(say(progress));
    },
    now: () => nowMs,
    sleep: async (ms, signal) => {
      const until = nowMs + ms;
      while (nowMs < until && isAsking && !signal.aborted) await moment();
      signal.throwIfAborted();
    },
    ...changes,
  };
  const start = newAnswer(0);
  return { abort, saved, seen, around, start, run: () => writeAnswer(start, abort.signal, around) };
}

test('gathers thoughts, text, counts and pace', async () => {
  const usage: StreamEvent = { type: 'usage', promptTokens: 9, answerTokens: 3 };
  const { run, saved, seen } = scene([
    ['second', { type: 'thinking', text: 'Hm' }, 'second', text('On'), text('ce'), end(), usage],
  ]);
  expect(await run()).toMatchObject({
    text: 'Once',
    thinking: 'Hm',
    state: 'done',
    promptTokens: 9,
    answerTokens: 3,
    firstTokenMs: 1000,
    tokensPerSecond: 2,
  });
  expect(saved.at(-1)).toMatchObject({ text: 'Once', state: 'done' });
  expect(seen).toEqual(['no-server', 'asking', 'writing']);
});

test('saves the first piece at once, and then once a second', async () => {
  const { run, saved } = scene([[text('a'), text('b'), text('c'), 'second', text('d'), text('e'), end()]]);
  await run();
  expect(saved.map((answer) => [answer.text, answer.state])).toEqual([
    ['a', 'running'],
    ['abc', 'running'],
    ['abcde', 'done'],
  ]);
});

test('says when the token limit ended it', async () => {
  const { run } = scene([[text('a'), end('length')]]);
  expect(await run()).toMatchObject({ state: 'length' });
});

test('counts down while the queue is full, and asks again', async () => {
  const full = new RefusedError('Full', 429, 'queue_full', 3);
  const { run, seen } = scene([[full], [text('a'), end()]]);
  expect(await run()).toMatchObject({ text: 'a', state: 'done' });
  expect(seen).toEqual(['no-server', 'asking', 'queued 3', 'queued 2', 'queued 1', 'no-server', 'asking', 'writing']);
});

test('waits for a server that is gone before it said anything', async () => {
  let looks = 0;
  const lookAfter = async () => ++looks > 5;
  const { run } = scene([[new NoServerError()], [new CutOffError()], [text('a'), end()]], { lookAfter });
  expect(await run()).toMatchObject({ text: 'a', state: 'done' });
  expect(looks).toBe(2);
});

test('keeps what there is when the server is lost in the middle', async () => {
  const { run, saved } = scene([[text('On'), new CutOffError()]]);
  const answer = await run();
  expect(answer).toMatchObject({ text: 'On', state: 'cut' });
  expect(saved.at(-1)).toEqual(answer);
});

test('an error in the middle is kept with the text', async () => {
  const { run } = scene([[text('On'), new RefusedError('Lost; retry', 0, undefined)]]);
  expect(await run()).toMatchObject({ text: 'On', state: 'failed', problem: { message: 'Lost; retry' } });
});

test('a request that is refused is not repeated', async () => {
  const { run } = scene([[new RefusedError('Too long', 400, 'context_length_exceeded')]]);
  expect(await run()).toMatchObject({
    state: 'failed',
    problem: { message: 'Too long', code: 'context_length_exceeded' },
  });
});

test('asks for a key, and gives up without one', async () => {
  const wrong = new RefusedError('No key', 401, 'invalid_api_key');
  const given = scene([[wrong], [text('a'), end()]]);
  expect(await given.run()).toMatchObject({ state: 'done' });
  expect(given.seen).toContain('no-key');
  const none = scene([[wrong]], { askKey: async () => false });
  expect(await none.run()).toMatchObject({ state: 'failed', problem: { message: 'No key' } });
});

test('a server that loads is waited for; one that says it is well and cannot is believed', async () => {
  const cannot = new RefusedError('Too little memory; add a node', 503, undefined);
  const loads = scene([[cannot], [text('a'), end()]], { lookAfter: async () => false });
  expect(await loads.run()).toMatchObject({ state: 'done' });
  const well = scene([[cannot]]);
  expect(await well.run()).toMatchObject({ state: 'failed' });
});

test('stops wherever it is, and keeps what there is', async () => {
  const writing = scene([[text('On'), text('ce'), end()]]);
  const show = writing.around.show;
  Object.assign(writing.around, {
    show: (answer: Answer, progress: Progress) => {
      show(answer, progress);
      if (answer.text === 'On') writing.abort.abort();
    },
  });
  expect(await writing.run()).toMatchObject({ text: 'On', state: 'stopped' });

  const waiting = scene([], {
    untilReady: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const ended = waiting.run();
  waiting.abort.abort();
  expect(await ended).toMatchObject({ text: '', state: 'stopped' });

  const queued = scene([[new RefusedError('Full', 429, 'queue_full', 60)]], {
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const left = queued.run();
  setTimeout(() => queued.abort.abort(), 5);
  expect(await left).toMatchObject({ state: 'stopped' });
});
