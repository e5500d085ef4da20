// A plan at work, as the root sees it: sends each step to all ranks, does the root's own part, and joins the answers. It
// knows no membership: whoever does tells it when it has failed.

import { segment } from '../collective/all-reduce.ts';
import type { AlgorithmCost } from '../collective/choice.ts';
import type { VectorCodec } from '../collective/vector-codec.ts';
import type { Candidates, LoadedProgram, Step } from '../device/device.ts';
import { stepTokens } from '../device/step.ts';
import { mergeAnswers } from '../device/top-k.ts';
import { candidatesFromWords, stepToWords } from '../device/words.ts';
import { type Layout, nodesOf } from '../layout/layout.ts';
import type { NetworkRecorder } from '../measure/network.ts';
import { frameBytes } from '../mesh/link.ts';
import { type Model, readRows } from '../model/model.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { allHeard } from './all-heard.ts';
import { HEAD_BYTES, readTimed, stepFrame } from './frames.ts';
import { ROOT_ID } from './messages.ts';
import type { PeerSet } from './peer-set.ts';
import { type RankResult, type RankRunner, receiversOf, scattersInput } from './rank-runner.ts';

export interface PlanParts {
  readonly tag: number;
  readonly layout: Layout;
  readonly model: Model;
  /** How embeddings travel. */
  readonly codec: VectorCodec;
  /** Of the first stage. */
  readonly inputCosts: readonly AlgorithmCost[];
  readonly peers: PeerSet;
  readonly recorder: NetworkRecorder;
  readonly now: () => Milliseconds;
  /** The root's own part, if it has one. */
  readonly own: { readonly runner: RankRunner; readonly loaded: LoadedProgram } | undefined;
}

interface RemoteAnswer extends RankResult {
  readonly bytes: Bytes;
}

interface Waiting {
  readonly resolve: (answer: RemoteAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class RunningPlan {
  readonly tag: number;
  readonly layout: Layout;
  /** All workers that it cannot do without. */
  readonly workers: readonly PeerId[];
  private readonly parts: PlanParts;
  private readonly nodes: readonly (readonly PeerId[])[];
  private readonly waiting = new Map<PeerId, Waiting>();
  private failure: Error | undefined;

  constructor(parts: PlanParts) {
    this.parts = parts;
    this.tag = parts.tag;
    this.layout = parts.layout;
    this.nodes = nodesOf(parts.layout);
    this.workers = this.nodes.flat().filter((id) => id !== ROOT_ID);
  }

  get loaded(): LoadedProgram | undefined {
    return this.parts.own?.loaded;
  }

  /** Everybody who waits for answers gets the error, now or when they wait next. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** An answer frame has come. */
  answered(from: PeerId, frame: Uint8Array<ArrayBuffer>): void {
    const { computeMs, bytes } = readTimed(frame.subarray(HEAD_BYTES));
    const candidates = candidatesFromWords(new Int32Array(bytes.slice().buffer));
    const waiting = this.waiting.get(from);
    this.waiting.delete(from);
    this.parts.recorder.recordLink(from, { receivedBytes: frame.length });
    waiting?.resolve({ computeMs, candidates, bytes: frame.length });
  }

  async run(step: Step): Promise<readonly Candidates[]> {
    const { now, own } = this.parts;
    const begun = now();
    const embeddings = await this.embeddings(step);
    const answering = this.nodes[this.nodes.length - 1];
    const answers = allHeard(
      answering.map((id) => (id === ROOT_ID ? undefined : this.answerOf(id))).filter((one) => one !== undefined),
    );
    answers.catch(() => {}); // the own part may fail first
    const sentBytes = this.send(step, embeddings);
    const result = await own?.runner.run(step, embeddings);
    const computed = now();
    const others = await answers;
    if (this.failure) throw this.failure;
    this.record(step, { begun, computed, ended: now() }, sentBytes, result, others);
    const remote = others.map(({ candidates }) => candidates);
    return mergeAnswers(
      step,
      answering.map((id) => (id === ROOT_ID ? (result?.candidates ?? []) : remote.shift()!)),
    );
  }

  async close(): Promise<void> {
    await this.parts.own?.loaded.close();
  }

  /** [tokens, dim]: read from the file, so that no node holds the table. */
  private async embeddings(step: Step): Promise<Float32Array> {
    const { model } = this.parts;
    const { dim } = model.header;
    const tokens = step.runs.flatMap((run) => run.tokens);
    const rows = new Float32Array(tokens.length * dim);
    await Promise.all(
      tokens.map(async (id, i) => rows.set(await readRows(model, 'embedding', { start: id, end: id + 1 }), i * dim)),
    );
    return rows;
  }

  /** To all workers; returns how many bytes. Leaves in `embeddings` what the first stage reads of them. */
  private send(step: Step, embeddings: Float32Array): Bytes {
    const { peers, recorder, tag } = this.parts;
    if (this.workers.length === 0) return 0;
    const words = stepToWords(step);
    const inputs = this.encodeInputs(embeddings);
    let sent = 0;
    for (const id of this.workers) {
      const frame = stepFrame(tag, words, inputs.get(id) ?? new Uint8Array());
      const sentBytes = frameBytes(frame);
      peers.send(id, ...frame);
      recorder.recordLink(id, { sentBytes });
      sent += sentBytes;
    }
    return sent;
  }

  /** For each worker of the first stage: all, or its segment. */
  private encodeInputs(embeddings: Float32Array): Map<PeerId, Uint8Array> {
    const { codec, inputCosts } = this.parts;
    const { length } = embeddings;
    const receivers = receiversOf(this.parts.layout);
    const encode = (start: number, end: number): Uint8Array => {
      const bytes = codec.encode(embeddings, start, end);
      codec.decode(bytes, embeddings, start, end);
      return bytes;
    };
    if (receivers.length === 0) return new Map();
    if (scattersInput(inputCosts, receivers.length, length)) {
      return new Map(receivers.map((id, i) => [id, encode(...segment(length, receivers.length, i))]));
    }
    const whole = encode(0, length);
    return new Map(receivers.map((id) => [id, whole]));
  }

  private answerOf(id: PeerId): Promise<RemoteAnswer> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private record(
    step: Step,
    at: { readonly begun: Milliseconds; readonly computed: Milliseconds; readonly ended: Milliseconds },
    sentBytes: Bytes,
    own: RankResult | undefined,
    others: readonly RemoteAnswer[],
  ): void {
    const { recorder } = this.parts;
    const ownMs = own?.computeMs ?? 0;
    const computeMs = Math.max(ownMs, ...others.map((answer) => answer.computeMs));
    if (this.workers.length > 0) {
      // Where other stages compute meanwhile, that is no waiting for the network.
      const ms = Math.max(0, at.ended - at.computed - (computeMs - ownMs));
      recorder.record('SYNC_WITH_ROOT', { bytes: others.reduce((sum, { bytes }) => sum + bytes, sentBytes), ms });
    }
    const totalMs = at.ended - at.begun;
    const tokens = stepTokens(step);
    recorder.recordStep({
      tokens,
      phase: tokens > step.runs.length ? 'evaluation' : 'prediction',
      computeMs: Math.min(totalMs, computeMs),
      syncMs: Math.max(0, totalMs - computeMs),
    });
  }
}
