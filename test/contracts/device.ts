// What every device must do, whatever it is made of. A device's test file calls deviceContract with a way to make it.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidates, Device, LoadedProgram, LogitsRequest, Run, Step } from '../../shared/device/device.ts';
import { referenceDevice } from '../../shared/device/reference/reference-device.ts';
import { ClosedProgramError, InvalidSegmentError, InvalidStepError } from '../../shared/device/step.ts';
import { selectCandidates } from '../../shared/device/top-k.ts';
import { cutRange, ledSlices, type Slice } from '../../shared/layout/slice.ts';
import type { FloatType } from '../../shared/model/header.ts';
import type { Model } from '../../shared/model/model.ts';
import { MissingTensorError } from '../../shared/model/model-errors.ts';
import { bytesOf } from '../../shared/model/quant.ts';
import { buildProgram } from '../../shared/program/build.ts';
import { programWeights } from '../../shared/program/program.ts';
import { rangeLength, type TokenId } from '../../shared/units.ts';
import { expectClose } from './compare.ts';
import { type ContractModel, contractModels, openModel, shardedModels, variedModels } from './contract-models.ts';
import { loadGroup, type RankGroup, rankSlices } from './rank-group.ts';

/**
 * Measured with the reference in f32 instead of f64: 1e-12 for f32 and f16 weights, and for quantised ones 0 until an
 * activation falls on the other side of a rounding edge, then up to 5e-5 (5e-4 with a cache in f16, and 3e-7 for floats).
 */
export interface Tolerances {
  /** NMSE of logits against the reference, by weight type. */
  readonly logits: Readonly<Record<FloatType, number>>;
  /** NMSE between two ways of computing the same on this device: batched or not, cut or whole. */
  readonly consistency: Readonly<Record<FloatType, number>>;
}

/** The logits after each of `tokens`, by other means than the device under test. */
export type Oracle = (model: Model, tokens: readonly TokenId[]) => Promise<ArrayLike<number>[]>;

const loadOptions = { slots: 4, maxTokens: 24 };
const full: LogitsRequest = { topK: 1, apart: [], full: true };

/** Runs the suite on the device that `makeDevice` makes; `oracle` is the reference device unless that is tested. */
export function deviceContract(
  name: string,
  makeDevice: () => Promise<Device>,
  tolerances: Tolerances,
  oracle: Oracle = referenceLogits,
): void {
  describe(`device contract: ${name}`, () => {
    let device: Device;
    const open: RankGroup[] = [];
    /** Loads and remembers, so that a failing test leaves no threads or GPU memory behind. */
    const load = async (...args: Parameters<typeof loadGroup> extends [Device, ...infer Rest] ? Rest : never) => {
      const group = await loadGroup(device, ...args);
      open.push(group);
      return group;
    };
    beforeAll(async () => {
      device = await makeDevice();
    });
    afterAll(async () => {
      for (const group of open) await group.close();
    });

    describe('logits equal the reference', () => {
      it.each(titled(contractModels))('%s', async (_, contractModel) => {
        const model = await openModel(contractModel);
        const group = await load(model, loadOptions);
        const tokens = someTokens(24, model.header.vocabSize, 1);
        const expected = await oracle(model, tokens);
        const prefill = await group.run(oneRun(0, 0, tokens.slice(0, 21), 21));
        const decoded = [];
        for (let t = 21; t < 24; t++) decoded.push(...(await group.run(oneRun(0, t, [tokens[t]], 1))));
        for (const [t, { full }] of [...prefill, ...decoded].entries()) {
          expectClose(full, expected[t], tolerances.logits[contractModel.weightType], `logits after token ${t}`);
        }
        await group.close();
      });
    });

    describe.each(titled(variedModels))('%s', (_, contractModel) => {
      const tolerance = tolerances.consistency[contractModel.weightType];
      let model: Model;
      let group: RankGroup;
      let text: (length: number, seed: number) => TokenId[];
      beforeAll(async () => {
        model = await openModel(contractModel);
        group = await load(model, loadOptions);
        text = (length, seed) => someTokens(length, model.header.vocabSize, seed);
      });

      /** The last token's logits of a text alone in slot 3. */
      const alone = async (tokens: readonly TokenId[]): Promise<Float32Array> => {
        let last: Float32Array | undefined;
        for (let at = 0; at < tokens.length; at += loadOptions.maxTokens) {
          [{ full: last }] = await group.run(oneRun(3, at, tokens.slice(at, at + loadOptions.maxTokens), 1));
        }
        return last ?? new Float32Array();
      };

      it.each([[[11, 8]], [[1, 1, 17]], [[17, 1, 1]], [[4, 4, 4, 4, 3]], [Array(19).fill(1)]])(
        'prefill in chunks of %j equals prefill in one step',
        async (chunks: number[]) => {
          const tokens = text(19, 2);
          const expected = await alone(tokens);
          let at = 0;
          let last: Float32Array | undefined;
          for (const length of chunks) {
            [{ full: last }] = await group.run(oneRun(0, at, tokens.slice(at, at + length), 1));
            at += length;
          }
          expectClose(last, expected, tolerance);
        },
      );

      it('runs a step of the most tokens, and a sequence to its end', async () => {
        const { seqLen } = model.header;
        const tokens = text(seqLen, 3);
        for (let at = 0; at < seqLen; at += loadOptions.maxTokens) {
          const chunk = tokens.slice(at, at + loadOptions.maxTokens);
          const candidates = await group.run(oneRun(0, at, chunk, 0));
          expect(candidates).toEqual([]);
        }
        const [{ full: last }] = await group.run(oneRun(0, seqLen - 1, tokens.slice(-1), 1));
        const expected = await oracle(model, tokens);
        expectClose(last, expected[seqLen - 1], tolerances.logits[contractModel.weightType]);
      });

      it('mixes decode steps and prefill chunks of several slots in one step', async () => {
        const [a, b, c] = [text(10, 4), text(7, 5), text(12, 6)];
        const expected = [await alone(a), await alone(b), await alone(c)];
        await group.run(oneRun(2, 0, a.slice(0, 9), 0));
        await group.run(oneRun(1, 0, c.slice(0, 5), 0));
        const candidates = await group.run({
          runs: [run(2, 9, a.slice(9), [full]), run(0, 0, b, [full, full]), run(1, 5, c.slice(5), [full])],
        });
        expect(candidates).toHaveLength(4);
        expectClose(candidates[0].full, expected[0], tolerance, 'decode');
        expectClose(candidates[1].full, await alone(b.slice(0, -1)), tolerance, 'last but one of a prefill');
        expectClose(candidates[2].full, expected[1], tolerance, 'prefill from the start');
        expectClose(candidates[3].full, expected[2], tolerance, 'prefill of a later chunk');
      });

      it('decodes several slots in one step', async () => {
        const texts = [text(3, 7), text(8, 8), text(5, 9)];
        for (const [slot, tokens] of texts.entries()) await group.run(oneRun(slot, 0, tokens.slice(0, -1), 0));
        const candidates = await group.run({
          runs: texts.map((tokens, slot) => run(slot, tokens.length - 1, tokens.slice(-1), [full])),
        });
        for (const [slot, tokens] of texts.entries()) {
          expectClose(candidates[slot].full, await alone(tokens), tolerance, `slot ${slot}`);
        }
      });

      it('overwrites from a smaller position', async () => {
        const [tokens, other] = [text(16, 10), text(6, 11)];
        await group.run(oneRun(0, 0, tokens, 1));
        const [rewound] = await group.run(oneRun(0, 5, other, 1));
        expectClose(rewound.full, await alone([...tokens.slice(0, 5), ...other]), tolerance);
        const [restarted] = await group.run(oneRun(0, 0, other.slice(0, 1), 1));
        expectClose(restarted.full, await alone(other.slice(0, 1)), tolerance);
      });

      it('keeps slots apart', async () => {
        const [tokens, other] = [text(12, 12), text(20, 13)];
        await group.run(oneRun(1, 0, tokens.slice(0, 11), 0));
        await group.run(oneRun(0, 0, other, 0));
        await group.run(oneRun(2, 0, other, 0));
        const [after] = await group.run(oneRun(1, 11, tokens.slice(11), 1));
        expectClose(after.full, await alone(tokens), tolerance);
      });

      it('answers each request from the same logits', async () => {
        const { vocabSize } = model.header;
        const [{ ids }] = await group.run({ runs: [run(0, 0, text(5, 14), [{ topK: 3, apart: [], full: false }])] });
        const requests: LogitsRequest[] = [
          { topK: 1, apart: [], full: true },
          { topK: 5, apart: [ids[0], 0, vocabSize - 1], full: true },
          { topK: vocabSize + 10, apart: [ids[1], ids[0]], full: true },
          { topK: 40, apart: [], full: true },
        ];
        for (const request of requests) {
          const [answer] = await group.run({ runs: [run(0, 0, text(5, 14), [request])] });
          const expected = selectCandidates(answer.full ?? new Float32Array(), 0, request);
          expect(answer.full).toHaveLength(vocabSize);
          expect([...answer.ids]).toEqual([...expected.ids]);
          expect([...answer.logits]).toEqual([...expected.logits]);
          expect([...answer.apart]).toEqual([...expected.apart]);
          expect(answer.logSumExp).toBeCloseTo(expected.logSumExp, 4);
        }
        const several = await group.run({ runs: [run(0, 0, text(5, 14), [...requests, { ...full, full: false }])] });
        expect(several.map((answer) => answer.ids.length)).toEqual([1, 5, vocabSize - 2, 40, 1]);
        expect(several.at(-1)?.full).toBeUndefined();
      });

      it.each(Object.entries(badSteps))('refuses %s', async (_, badStep) => {
        await expect(group.run(badStep(model))).rejects.toThrow(InvalidStepError);
      });

      it('goes on after refused steps as if they had not been', async () => {
        const tokens = text(8, 15);
        await group.run(oneRun(1, 0, tokens.slice(0, 7), 0));
        for (const badStep of Object.values(badSteps)) await group.run(badStep(model)).catch(() => {});
        const [after] = await group.run(oneRun(1, 7, tokens.slice(7), 1));
        expectClose(after.full, await alone(tokens), tolerance);
      });
    });

    describe.each(titled(shardedModels))('ranks and stages together equal the whole: %s', (_, contractModel) => {
      const tolerance = tolerances.consistency[contractModel.weightType];
      let model: Model;
      let steps: Step[];
      const expected: (readonly Candidates[])[] = [];
      beforeAll(async () => {
        model = await openModel(contractModel);
        const { vocabSize } = model.header;
        const request: LogitsRequest = { topK: 20, apart: [1, vocabSize - 1], full: true };
        const tokens = someTokens(9, vocabSize, 16);
        steps = [
          { runs: [run(1, 0, tokens.slice(0, 8), [request, request]), run(0, 0, tokens.slice(4), [request])] },
          { runs: [run(1, 8, tokens.slice(8), [request])] },
        ];
        const whole = await load(model, loadOptions);
        for (const step of steps) expected.push(await whole.run(step));
        await whole.close();
      });

      it.each([
        ['two even ranks', [[1, 1]]],
        ['two uneven ranks', [[3, 1]]],
        ['three ranks', [[1, 1, 1]]],
        ['three uneven ranks', [[2, 1, 3]]],
        ['more ranks than kv heads', [[1, 2, 1, 2]]],
        ['more ranks than heads', [Array(10).fill(1)]],
        ['two stages', [[1], [1]]],
        [
          'two stages of two and three ranks',
          [
            [1, 2],
            [1, 1, 1],
          ],
        ],
      ] as [string, number[][]][])('%s', async (_, weightsOfStages) => {
        const layers = cutRange(model.header.layers, Array(weightsOfStages.length).fill(1));
        await expectSame(weightsOfStages.map((weights, stage) => rankSlices(model.header, weights, layers[stage])));
      });

      it.each([[[1, 1]], [[1, 2, 1]]])('a leader and others, %j', (weights) =>
        expectSame([ledSlices(model.header, rankSlices(model.header, weights))]),
      );

      async function expectSame(stages: readonly (readonly Slice[])[]): Promise<void> {
        const ranks = await load(model, loadOptions, stages);
        for (const [i, step] of steps.entries()) {
          const actual = await ranks.run(step);
          expect(actual).toHaveLength(expected[i].length);
          for (const [row, answer] of actual.entries()) {
            const whole = expected[i][row];
            expectClose(answer.full, whole.full ?? [], tolerance, `step ${i}, row ${row}`);
            expectClose(answer.logits, whole.logits, tolerance, `top of step ${i}, row ${row}`);
            expectClose(
              answer.apart,
              [1, model.header.vocabSize - 1].map((id) => answer.full?.[id] ?? 0),
              0,
              'apart',
            );
            expect(answer.logSumExp).toBeCloseTo(whole.logSumExp, 1);
          }
        }
        await ranks.close();
      }
    });

    describe('life of a loaded program', () => {
      let model: Model;
      const loadWhole = (onProgress?: (loaded: number, total: number) => void): Promise<LoadedProgram> =>
        device.load(buildProgram(model.header), model, { ...loadOptions, ...(onProgress && { onProgress }) });
      beforeAll(async () => {
        model = await openModel(variedModels[0]);
      });

      it('says what it has room for', async () => {
        const loaded = await loadWhole();
        expect({ slots: loaded.slots, maxTokens: loaded.maxTokens }).toEqual(loadOptions);
        await loaded.close();
      });

      it('refuses a model that lacks a tensor', async () => {
        const tensors = new Map([...model.tensors].filter(([tensor]) => tensor !== 'layers.1.w2'));
        const loading = device.load(buildProgram(model.header), { source: model.source, tensors }, loadOptions);
        await expect(loading).rejects.toThrow(MissingTensorError);
      });

      it('reports progress that grows and ends at the total of the weights it reads', async () => {
        const reports: [number, number][] = [];
        const loaded = await loadWhole((...report) => reports.push(report));
        await loaded.close();
        const weights = programWeights(buildProgram(model.header));
        const bytes = weights.map(({ type, rows, columns }) => bytesOf(type, rangeLength(rows) * rangeLength(columns)));
        const total = bytes.reduce((a, b) => a + b, 0);
        expect(reports.at(-1)).toEqual([total, total]);
        for (const [i, [sofar, of]] of reports.entries()) {
          expect(of).toBe(total);
          expect(sofar).toBeGreaterThanOrEqual(reports[i - 1]?.[0] ?? 0);
        }
      });

      it('names the ops in its timings, longest first', async () => {
        const loaded = await loadWhole();
        for (let segment = 0; segment < buildProgram(model.header).segments.length; segment++) {
          await loaded.run(oneRun(0, 0, [1, 2, 3], 1), segment);
        }
        const timings = await loaded.timings();
        await loaded.close();
        const known = buildProgram(model.header).segments.flatMap(({ ops }) => ops.map(({ op }) => op as string));
        for (const { op, calls, totalMs } of timings) {
          expect([...known, 'exchange']).toContain(op);
          expect(calls).toBeGreaterThan(0);
          expect(totalMs).toBeGreaterThanOrEqual(0);
        }
        expect(timings.map(({ op }) => op)).toEqual(expect.arrayContaining(['matmul', 'attention']));
        const times = timings.map(({ totalMs }) => totalMs);
        expect(times).toEqual([...times].sort((a, b) => b - a));
      });

      it('refuses segments that are not there and inputs that are not taken or of the wrong size', async () => {
        const loaded = await loadWhole();
        const step = oneRun(0, 0, [1, 2], 1);
        await expect(loaded.run(step, 1)).rejects.toThrow(InvalidSegmentError);
        await expect(loaded.run(step, 0, new Float32Array(2 * model.header.dim))).rejects.toThrow(InvalidSegmentError);
        await loaded.close();
        const [lastLayer] = rankSlices(model.header, [1], { start: 1, end: 2 });
        const stage = await device.load(buildProgram(model.header, lastLayer), model, loadOptions);
        await expect(stage.run(step, 0)).rejects.toThrow(InvalidSegmentError);
        await expect(stage.run(step, 0, new Float32Array(model.header.dim))).rejects.toThrow(InvalidSegmentError);
        await stage.close();
      });

      it('can be closed twice, and then refuses to run', async () => {
        const loaded = await loadWhole();
        await loaded.close();
        await loaded.close();
        await expect(loaded.run(oneRun(0, 0, [1], 1), 0)).rejects.toThrow(ClosedProgramError);
      });

      it('keeps two programs of one device apart', async () => {
        const tokens = someTokens(6, model.header.vocabSize, 17);
        const [first, second] = [await loadWhole(), await loadWhole()];
        await first.run(oneRun(0, 0, tokens.slice(0, 5), 0), 0);
        await second.run(oneRun(0, 0, tokens.slice(1), 0), 0);
        await second.close();
        const { candidates } = await first.run(oneRun(0, 5, tokens.slice(5), 1), 0);
        const expected = await oracle(model, tokens);
        expectClose(candidates[0].full, expected[5], tolerances.logits.q40);
        await first.close();
      });
    });
  });
}

const titled = (models: readonly ContractModel[]): [string, ContractModel][] =>
  models.map((contractModel) => [contractModel.title, contractModel]);

const referenceLogits: Oracle = async (model, tokens) => {
  const options = { slots: 1, maxTokens: tokens.length };
  const group = await loadGroup(referenceDevice(), model, options);
  const candidates = await group.run(oneRun(0, 0, tokens, tokens.length));
  return candidates.map((answer) => answer.full ?? []);
};

const run = (slot: number, position: number, tokens: readonly TokenId[], wanted: LogitsRequest[]): Run => {
  return { slot, position, tokens, wanted };
};

/** A step of one run that wants the full logits of its last `wanted` tokens. */
const oneRun = (slot: number, position: number, tokens: readonly TokenId[], wanted: number): Step => ({
  runs: [run(slot, position, tokens, Array(wanted).fill(full))],
});

/** The same seed gives the same text. */
function someTokens(length: number, vocabSize: number, seed: number): TokenId[] {
  let state = seed * 7919 + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % vocabSize;
  });
}

const badSteps: Record<string, (model: Model) => Step> = {
  'a step without runs': () => ({ runs: [] }),
  'a run without tokens': () => oneRun(0, 0, [], 0),
  'a slot past the last': () => oneRun(loadOptions.slots, 0, [1], 1),
  'a negative slot': () => oneRun(-1, 0, [1], 1),
  'a slot that is no number': () => oneRun(Number.NaN, 0, [1], 1),
  'two runs in one slot': () => ({ runs: [run(1, 0, [1], []), run(2, 0, [1], []), run(1, 1, [1], [])] }),
  'a negative position': () => oneRun(1, -1, [1], 1),
  'a position past the end': ({ header }) => oneRun(1, header.seqLen, [1], 1),
  'tokens past the end': ({ header }) => oneRun(1, header.seqLen - 1, [1, 2], 1),
  'more tokens than loaded for': () => ({
    runs: [run(1, 0, Array(20).fill(1), []), run(2, 0, Array(loadOptions.maxTokens - 19).fill(1), [])],
  }),
  'a token past the vocabulary': ({ header }) => oneRun(1, 0, [1, header.vocabSize], 1),
  'a negative token': () => oneRun(1, 0, [-1], 1),
  'more wanted rows than tokens': () => oneRun(1, 0, [1, 2], 3),
  'a request for the top none': () => ({ runs: [run(1, 0, [1], [{ topK: 0, apart: [], full: false }])] }),
  'a request apart from the vocabulary': ({ header }) => ({
    runs: [run(1, 0, [1], [{ topK: 1, apart: [header.vocabSize], full: false }])],
  }),
};
