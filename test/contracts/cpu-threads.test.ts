// What threads of the cpu device do to each other: meeting at a barrier, failing, dying, being closed while they work.
// Whatever happens to one of them, everyone who waits must hear of it.

import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeCpuDevice } from '../../node/devices/cpu-host.ts';
import { CONTROL_BYTES } from '../../shared/device/cpu/gate.ts';
import type { LoadedProgram, Step } from '../../shared/device/device.ts';
import { ClosedProgramError } from '../../shared/device/step.ts';
import type { ByteSource } from '../../shared/model/byte-source.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { tinyModel } from '../fixtures/tiny-models.ts';
import type { BarrierWork } from './barrier-thread.ts';
import type { Illness } from './dying-thread.ts';

/** Far more than any of this takes, and far less than a test may. */
const patienceMs = 20_000;

/** What became of a promise; one that is not settled in time hangs. */
async function fate(promise: Promise<unknown>): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('hangs'), patienceMs);
  const settled = promise.then(
    () => 'resolved',
    (error: Error) => `rejected: ${error.message}`,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

describe('barrier', () => {
  const workers: Worker[] = [];
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.terminate();
  });

  function start(work: Partial<BarrierWork> & { threads: number }) {
    const gate = new SharedArrayBuffer(4);
    const common = {
      control: new SharedArrayBuffer(CONTROL_BYTES),
      cells: new SharedArrayBuffer(2 * work.threads * 4),
      gate,
      rounds: 1,
      spins: 0,
      instead: undefined,
      ...work,
    };
    const begin = (thread: number, instead?: BarrierWork['instead']) => {
      const worker = new Worker(new URL('barrier-thread.ts', import.meta.url), {
        workerData: { ...common, thread, instead },
      });
      workers.push(worker);
      return new Promise((resolve) => worker.once('message', resolve));
    };
    const open = () => {
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
    };
    return { begin, open };
  }
  const inTime = (message: Promise<unknown>): Promise<unknown> =>
    Promise.race([message, new Promise((resolve) => setTimeout(resolve, patienceMs, 'hangs').unref())]);

  it.each([
    { threads: 2, spins: 0, rounds: 20_000 },
    { threads: 2, spins: 2000, rounds: 20_000 },
    { threads: 3, spins: 0, rounds: 10_000 },
    { threads: 4, spins: 50, rounds: 5000 },
    { threads: 7, spins: 0, rounds: 1000 },
  ])('keeps $threads threads together, $spins spins', async (work) => {
    const { begin, open } = start(work);
    const results = Array.from({ length: work.threads }, (_, thread) => begin(thread));
    open();
    expect(await Promise.all(results.map(inTime))).toEqual(results.map(() => 0));
  });

  it.each([2, 3, 4])('of %i threads throws for those who come after it was broken', async (threads) => {
    const { begin, open } = start({ threads });
    const healthy = Array.from({ length: threads - 1 }, (_, thread) => begin(thread));
    expect(await inTime(begin(threads - 1, 'break'))).toBe('broke it');
    open();
    expect(await Promise.all(healthy.map(inTime))).toEqual(healthy.map(() => 'BrokenBarrierError'));
  });

  it.each([0, 1e9])('throws for those who wait while it is broken, %i spins', async (spins) => {
    const { begin, open } = start({ threads: 3, spins });
    const healthy = [begin(0), begin(1)];
    open();
    await new Promise((resolve) => setTimeout(resolve, 300)); // they wait
    expect(await inTime(begin(2, 'break'))).toBe('broke it');
    expect(await Promise.all(healthy.map(inTime))).toEqual(['BrokenBarrierError', 'BrokenBarrierError']);
  });
});

const step: Step = { runs: [{ slot: 0, position: 0, tokens: [1, 2, 3], wanted: [] }] };
const options = { slots: 2, maxTokens: 8 };

describe('death of a thread', () => {
  const loadIll = async (threads: number, illness: Illness, source?: ByteSource): Promise<LoadedProgram> => {
    const { model } = await tinyModel();
    const start = (): Worker =>
      new Worker(new URL('dying-thread.ts', import.meta.url), {
        workerData: illness,
        resourceLimits: { maxOldGenerationSizeMb: 48 },
        stderr: true, // V8's report of running out of memory
      });
    const device = await nodeCpuDevice(threads, undefined, start);
    return device.load(buildProgram(model.header), { ...model, source: source ?? model.source }, options);
  };

  it.each(['exit', 'throw', 'run out of memory'] as const)('that does %s at loading fails the loading', async (how) => {
    expect(await fate(loadIll(2, { at: 'load', how }))).toMatch(/^rejected: .*thread/i);
  });

  it('ends the loading at once, however long the others would take', async () => {
    const { model } = await tinyModel();
    const endless: ByteSource = { ...model.source, readInto: () => new Promise(() => {}) };
    expect(await fate(loadIll(3, { at: 'load', how: 'exit' }, endless))).toMatch(/^rejected: .*thread/i);
  });

  it.each([
    [2, 'exit'],
    [3, 'exit'],
    [2, 'throw'],
    [3, 'run out of memory'],
  ] as const)('of %i that does %s at running fails the run, and all after it', async (threads, how) => {
    const loaded = await loadIll(threads, { at: 'run', how });
    expect(await fate(loaded.run(step, 0))).toMatch(/^rejected: .*thread/i);
    expect(await fate(loaded.run(step, 0))).toMatch(/^rejected: .*thread/i);
    expect(await fate(loaded.close())).toBe('resolved');
  });
});

describe('calls that overlap', () => {
  const load = async (): Promise<LoadedProgram> => {
    const { model } = await tinyModel();
    return (await nodeCpuDevice(2)).load(buildProgram(model.header), model, options);
  };

  it('all settle, and those that answer answer right', async () => {
    const loaded = await load();
    const ask = (token: number): Promise<unknown> =>
      loaded.run(
        { runs: [{ slot: 0, position: 0, tokens: [token], wanted: [{ topK: 3, apart: [], full: true }] }] },
        0,
      );
    const alone = [await ask(5), await ask(6)];
    const together = [ask(5), loaded.timings(), ask(6)];
    for (const call of together) expect(await fate(call)).not.toBe('hangs');
    const [first, , second] = await Promise.allSettled(together);
    if (first.status === 'fulfilled') expect(first.value).toEqual(alone[0]);
    if (second.status === 'fulfilled') expect(second.value).toEqual(alone[1]);
    await loaded.close();
  });

  it('with close all settle', async () => {
    const loaded = await load();
    const runs = [loaded.run(step, 0), loaded.run(step, 0), loaded.timings()];
    runs.map((promise) => promise.catch(() => {})); // handled below, in turn
    expect(await fate(loaded.close())).toBe('resolved');
    for (const promise of runs) expect(await fate(promise)).not.toBe('hangs');
    await expect(loaded.run(step, 0)).rejects.toThrow(ClosedProgramError);
  });
});
