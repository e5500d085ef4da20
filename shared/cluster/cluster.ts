// The root of a cluster: knows the members, plans a layout, brings the weights where they belong, runs steps over all
// ranks, and starts again with those that are left when one is lost. To the engine it is a stepper like any other.

import { ALGORITHMS } from '../collective/all-reduce.ts';
import {
  type AlgorithmCost,
  cheapest,
  costOf,
  describeChoice,
  fitCosts,
  measuredLengths,
  type Timings,
  timeAlgorithms,
  UNMEASURED,
} from '../collective/choice.ts';
import type { Candidates, LoadedProgram, OpTiming, Step } from '../device/device.ts';
import { stepTokens } from '../device/step.ts';
import { mergeCandidates } from '../device/top-k.ts';
import { candidatesFromWords, stepToWords } from '../device/words.ts';
import { CacheLostError } from '../engine/errors.ts';
import type { Stepper } from '../engine/stepper.ts';
import { evenSpeeds } from '../layout/even-speeds.ts';
import { formatLayout } from '../layout/format-layout.ts';
import type { Layout, LayoutGoal, LinkCapacity, NodeCapacity, SyncType } from '../layout/layout.ts';
import { type PlannedLayout, planLayout } from '../layout/plan-layout.ts';
import { NetworkRecorder, type NetworkSnapshot } from '../measure/network.ts';
import { parseNetworkSnapshot } from '../measure/parse-network.ts';
import { FrameKind } from '../mesh/frames.ts';
import type { Link } from '../mesh/link.ts';
import { type Model, readRows } from '../model/model.ts';
import { buildProgram } from '../program/build.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { chunkFrame, HEAD_BYTES, readTimed, stepFrame, tagOf } from './frames.ts';
import type { NodeHost } from './host.ts';
import { Mailbox } from './mailbox.ts';
import type { DeviceSpeed } from './measure-device.ts';
import { Member, MemberFailedError, MemberLostError, SupersededError } from './member.ts';
import { type RosterEntry, readControl, type ToRoot } from './messages.ts';
import { PeerSet } from './peer-set.ts';
import { codecsFor, LinkGroup, placeOf, RankRunner } from './rank-runner.ts';
import { type Chunk, cutChunks } from './weights/chunks.ts';
import { chunkHashes, type KnownHashes } from './weights/hashes.ts';
import { packProgram } from './weights/pack.ts';
import { SendWindow, sendChunks } from './weights/send.ts';
import { ROOT_ID } from './worker-session.ts';

export interface ClusterOptions {
  readonly host: NodeHost;
  readonly model: Model;
  /** For people. */
  readonly modelName: string;
  /** Of the model's chunks; those that it lacks are computed and come into it. */
  readonly hashes: KnownHashes;
  readonly goal: LayoutGoal;
  readonly syncType: SyncType;
  readonly slots: number;
  readonly maxTokens: number;
  /** Unpredictable: workers of one cluster know each other by it. */
  readonly cluster: string;
  readonly onEvent: (event: ClusterEvent) => void;
}

export type ClusterEvent =
  | { readonly type: 'joined'; readonly id: PeerId }
  | { readonly type: 'lost'; readonly id: PeerId; readonly why: string }
  | { readonly type: 'planned'; readonly planned: PlannedLayout; readonly lines: readonly string[] }
  /** Weights on their way to a worker: of those that it has not. */
  | { readonly type: 'sending'; readonly id: PeerId; readonly done: Bytes; readonly total: Bytes; readonly held: Bytes }
  | { readonly type: 'loading'; readonly id: PeerId; readonly done: Bytes; readonly total: Bytes }
  | { readonly type: 'ready' };

/** A running plan. */
interface Plan {
  readonly tag: number;
  readonly layout: Layout;
  readonly nodes: readonly (readonly PeerId[])[];
  readonly runner: RankRunner | undefined;
  readonly loaded: LoadedProgram | undefined;
  /** Of the last stage, in the vocabulary's order. */
  readonly answering: readonly PeerId[];
}

interface RemoteAnswer {
  readonly candidates: readonly Candidates[];
  readonly computeMs: Milliseconds;
  readonly bytes: Bytes;
}

/** A step that takes this long is stuck somewhere, however slow the machines. */
const STEP_LIMIT_MS: Milliseconds = 120_000;

/** Longer than it takes a heartbeat to find out that a peer is dead. */
const RECONSIDER_MS: Milliseconds = 7000;

export class Cluster implements Stepper {
  readonly slots: number;
  readonly maxTokens: number;
  readonly seqLen: number;
  readonly vocabSize: number;
  private readonly options: ClusterOptions;
  private readonly members = new Map<PeerId, Member>();
  private readonly mail = new Mailbox();
  private readonly peers: PeerSet;
  private readonly recorder = new NetworkRecorder();
  private readonly tuned = new Map<string, readonly AlgorithmCost[]>();
  private speed: DeviceSpeed | undefined;
  private meshed = '';
  private lastTag = 0;
  private plan: Plan | undefined;
  /** Why the plan cannot go on. */
  private broken: Error | undefined;
  /** Members came or went since the plan was made. */
  private changed = true;
  private onChange: (() => void) | undefined;
  /** The engine's sequences have lost their cache without knowing it yet. */
  private cacheLost = false;
  private settling: Promise<void> | undefined;
  private answers = new Map<PeerId, { resolve: (answer: RemoteAnswer) => void; reject: (error: Error) => void }>();
  private closed = false;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.slots = options.slots;
    this.maxTokens = options.maxTokens;
    this.seqLen = options.model.header.seqLen;
    this.vocabSize = options.model.header.vocabSize;
    this.peers = new PeerSet(this.mail, {
      frame: (from, kind, frame) => this.receive(from, kind, frame),
      gone: (peer, reason) => this.lose(peer, reason),
    });
  }

  /** A worker has come. It takes part from the next plan on. */
  admit(address: RosterEntry, link: Link): void {
    this.lose(address.id, new Error('it came back'));
    this.members.set(address.id, new Member(address, this.peers, (ms, run) => this.options.host.after(ms, run)));
    this.peers.add(address.id, link);
    this.changed = true;
    this.options.onEvent({ type: 'joined', id: address.id });
  }

  get memberIds(): PeerId[] {
    return [...this.members.keys()];
  }

  /** What each node holds now. */
  get layout(): Layout | undefined {
    return this.plan?.layout;
  }

  /**
   * Makes a plan with the members there are, and brings it into effect, unless the present one is still the best. To be
   * called at the start and between requests; a step calls it if it must. Rejects with a NotEnoughMemoryError.
   */
  settle(): Promise<void> {
    this.settling ??= this.settleUntilSettled().finally(() => {
      this.settling = undefined;
    });
    return this.settling;
  }

  private async settleUntilSettled(): Promise<void> {
    while (this.changed || this.broken || !this.plan) {
      this.changed = false;
      try {
        await this.settleOnce();
        if (!this.changed) return;
      } catch (error) {
        if (error instanceof MemberFailedError) this.blame(error);
        else if (!(error instanceof MemberLostError)) {
          // Nothing to be done about it now; whoever comes may change it.
          this.broken ??= error as Error;
          this.changed = false;
          throw error;
        }
        this.changed = true;
      }
    }
  }

  /** A member that cannot do its part leaves. One that misses another is right if that is gone, and may be right else. */
  private blame({ member, peer, message }: MemberFailedError): void {
    if (peer === undefined) this.lose(member, new Error(message));
    // With new links; who cannot be reached then is named by the mesh.
    else if (this.members.has(peer)) this.meshed = '';
  }

  private async settleOnce(): Promise<void> {
    const { host, model, goal, syncType, slots, maxTokens, onEvent } = this.options;
    const members = [...this.members.values()];
    if (this.broken) await this.drop();
    for (const member of members) member.rejectAll(new SupersededError('another plan began'));
    // One after the other: nodes that share a machine would slow each other down.
    this.speed ??= await host.measure();
    for (const member of members) await this.measure(member);
    await this.mesh(members);
    const root: NodeCapacity = { id: ROOT_ID, ...this.speed, freeBytes: host.freeBytes() };
    const nodes = evenSpeeds([root, ...members.map(({ capacity }) => capacity!)]);
    if (!this.plan) await this.tuneLikely(nodes);
    const planned = planLayout({
      header: model.header,
      nodes,
      links: (a, b) => this.linkBetween(a, b),
      goal,
      syncType,
      slots,
      maxTokens,
      allReduceMs: (ranks) => {
        const costs = this.tuned.get(ranks.join(' '));
        return costs ? costOf(cheapest(costs, model.header.dim), model.header.dim) : Number.NaN;
      },
    });
    if (this.plan && JSON.stringify(planned.layout) === JSON.stringify(this.plan.layout)) return;
    if (this.plan) await this.drop();
    for (const ranks of planned.layout.stages) if (ranks.length > 1) await this.tune(ranks.map(({ node }) => node));
    onEvent({
      type: 'planned',
      planned,
      lines: [...formatLayout(planned.layout, model.header), ...this.choices(planned.layout)],
    });
    await this.load(planned.layout);
    onEvent({ type: 'ready' });
  }

  private async measure(member: Member): Promise<void> {
    if (member.capacity) return;
    const { bytesPerSecond, macsPerSecond, freeBytes, threads } = await member.ask({ type: 'measure' }, 'capacity');
    member.threads = threads;
    await member.measureLink(() => this.options.host.now());
    member.capacity = { id: member.id, bytesPerSecond, macsPerSecond, freeBytes };
    this.recorder.setLink(member.id, member.link!);
  }

  /** Between workers the slower of both ways to the root counts. */
  private linkBetween(a: PeerId, b: PeerId): LinkCapacity {
    const links = [a, b].flatMap((id) => this.members.get(id)?.link ?? []);
    return {
      roundTripMs: Math.max(0, ...links.map(({ roundTripMs }) => roundTripMs)),
      bytesPerSecond: Math.min(1e12, ...links.map(({ bytesPerSecond }) => bytesPerSecond)),
    };
  }

  /** Gives all members links to each other. Who cannot be reached by one before it is left out. */
  private async mesh(members: readonly Member[]): Promise<void> {
    const roster = members.map(({ address }) => address);
    const key = JSON.stringify(roster);
    if (this.meshed === key) return;
    const { cluster } = this.options;
    const answers = await Promise.all(
      members.map((member) => member.ask({ type: 'mesh', cluster, you: member.id, roster }, 'meshed')),
    );
    // Who is dead will be known soon; only then is it a matter between the living.
    if (answers.some(({ unreachable }) => unreachable.length > 0)) await this.changeWithin(RECONSIDER_MS);
    for (const [i, { unreachable }] of answers.entries()) {
      if (this.changed) break;
      for (const { id, why } of unreachable) {
        const later = members.findIndex((member) => member.id === id) > i ? id : members[i].id;
        const other = later === id ? members[i].id : id;
        this.lose(later, new Error(`it and ${other} cannot reach each other (${why}); check firewalls`));
      }
    }
    if (this.changed) throw new MemberLostError('', new Error('the mesh has holes'));
    this.meshed = key;
  }

  /** Resolves when a member came or went, or after that time. */
  private changeWithin(ms: Milliseconds): Promise<void> {
    if (this.changed) return Promise.resolve();
    return new Promise((resolve) => {
      const callOff = this.options.host.after(ms, resolve);
      this.onChange = () => {
        callOff();
        resolve();
      };
    });
  }

  /** Measures all-reduces among the root and the fastest, for those counts that the planner weighs most. */
  private async tuneLikely(nodes: readonly NodeCapacity[]): Promise<void> {
    const { goal } = this.options;
    if (goal === 'pp' || nodes.length < 2) return;
    const [root, ...workers] = nodes;
    const fastest = [root, ...workers.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond)].map(({ id }) => id);
    const counts = goal === 'auto' ? [2, 4, 8, nodes.length].filter((count) => count <= nodes.length) : [nodes.length];
    for (const count of new Set(counts)) await this.tune(fastest.slice(0, count));
  }

  private async tune(ids: readonly PeerId[]): Promise<void> {
    const key = ids.join(' ');
    if (this.tuned.has(key)) return;
    const { host, syncType, model, maxTokens } = this.options;
    const lengths = measuredLengths(model.header.dim, maxTokens);
    const times: (readonly Timings[])[] = [];
    for (const [i, kind] of (['short', 'long'] as const).entries()) {
      const tag = ++this.lastTag;
      this.mail.begin(tag);
      const length = lengths[i];
      const { sums } = codecsFor(syncType, length);
      const remote = ids
        .filter((id) => id !== ROOT_ID)
        .map((id) => this.member(id).ask({ type: 'tune', tag, ids, length, kind, syncType }, 'timings'));
      const own = ids.includes(ROOT_ID)
        ? [
            timeAlgorithms(
              new LinkGroup(ids, ids.indexOf(ROOT_ID), tag, {
                mail: this.mail,
                peers: this.peers,
                recorder: new NetworkRecorder(),
                now: () => host.now(),
              }),
              sums,
              length,
              kind,
              () => host.now(),
            ),
          ]
        : [];
      times.push(await all([...own, ...remote.map(async (answer) => (await answer).timings)]));
    }
    for (const timings of times.flat()) {
      if (timings.length !== ALGORITHMS.length) throw new TypeError('a member timed other algorithms');
    }
    this.tuned.set(key, fitCosts(lengths, times[0], times[1]));
  }

  private choices(layout: Layout): string[] {
    const { model, maxTokens, syncType } = this.options;
    const { dim } = model.header;
    const { sums } = codecsFor(syncType, dim);
    return layout.stages.flatMap((ranks) => {
      const costs = this.tuned.get(ranks.map(({ node }) => node).join(' '));
      return costs ? [describeChoice(costs, dim, maxTokens, (count) => sums.bytes(count))] : [];
    });
  }

  private member(id: PeerId): Member {
    const member = this.members.get(id);
    if (!member) throw new MemberLostError(id, new Error('it left'));
    return member;
  }

  /** Brings weights to all ranks of the layout, and programs to run. */
  private async load(layout: Layout): Promise<void> {
    const { host, model, syncType, slots, maxTokens, onEvent } = this.options;
    const tag = ++this.lastTag;
    this.mail.begin(tag);
    this.broken = undefined;
    const nodes = layout.stages.map((ranks) => ranks.map(({ node }) => node));
    const costsOf = (stage: number): readonly AlgorithmCost[] => this.tuned.get(nodes[stage].join(' ')) ?? UNMEASURED;
    const remote = layout.stages.flatMap((ranks, stage) =>
      ranks
        .filter(({ node }) => node !== ROOT_ID)
        .map(({ node, slice }) => {
          const packed = packProgram(buildProgram(model.header, slice, { embeds: false }));
          return this.loadMember(this.member(node), tag, layout, cutChunks(packed), costsOf(stage));
        }),
    );
    const place = placeOf(nodes, ROOT_ID);
    const own = async (): Promise<Pick<Plan, 'runner' | 'loaded'>> => {
      if (!place) return { runner: undefined, loaded: undefined };
      const { slice } = layout.stages[place.stage][place.rank];
      const program = buildProgram(model.header, slice, { embeds: false });
      const onProgress = (done: Bytes, total: Bytes): void => onEvent({ type: 'loading', id: ROOT_ID, done, total });
      const loaded = await host.device.load(program, model, { slots, maxTokens, onProgress });
      const { mail, peers, recorder } = this;
      const now = () => host.now();
      const costs = costsOf(place.stage);
      return {
        loaded,
        runner: new RankRunner({ program, loaded, place, tag, syncType, costs, mail, peers, recorder, now }),
      };
    };
    const mine = own();
    try {
      await all(remote);
    } catch (error) {
      mine.then(({ loaded }) => loaded?.close()).catch(() => {});
      throw error;
    }
    this.plan = { tag, layout, nodes, ...(await mine), answering: nodes[nodes.length - 1] };
    if (this.changed && this.layoutLost()) this.broken = new Error('a member left while weights were loaded');
  }

  private layoutLost(): boolean {
    return this.plan?.nodes.flat().some((id) => id !== ROOT_ID && !this.members.has(id)) ?? false;
  }

  private async loadMember(
    member: Member,
    tag: number,
    layout: Layout,
    chunks: readonly Chunk[],
    costs: readonly AlgorithmCost[],
  ): Promise<void> {
    const { host, model, modelName, hashes, syncType, slots, maxTokens, onEvent } = this.options;
    const { id } = member;
    const link = this.peers.link(id);
    const aborted = (): boolean => this.lastTag !== tag || this.peers.link(id) !== link;
    const known = await chunkHashes(model, chunks, host.crypto, { known: hashes, aborted });
    const { header } = model;
    // Expected before it is asked for: who has all chunks already answers both questions at once.
    const loaded = member.expect('loaded', tag, Number.POSITIVE_INFINITY);
    loaded.catch(() => {}); // whoever sends hears of it first
    const { chunks: indexes } = await member.ask(
      { type: 'plan', tag, model: modelName, header, layout, syncType, slots, maxTokens, costs, hashes: known },
      'missing',
    );
    const sizeOf = (sum: Bytes, { size }: Chunk): Bytes => sum + size;
    const total = indexes.flatMap((index) => chunks[index] ?? []).reduce(sizeOf, 0);
    const held = chunks.reduce(sizeOf, 0) - total;
    const begun = host.now();
    const window = new SendWindow();
    member.onWritten = (bytes) => window.written(bytes);
    loaded.catch(() => window.release());
    onEvent({ type: 'sending', id, done: 0, total, held });
    await sendChunks({
      file: model,
      chunks,
      indexes,
      outlet: {
        send: (index, bytes) => {
          window.sent(bytes.length);
          this.peers.send(id, chunkFrame(tag, index), bytes);
        },
        drained: async () => {
          await window.room();
          await link?.drained();
        },
      },
      aborted,
      onProgress: (done) => onEvent({ type: 'sending', id, done, total, held }),
    });
    await loaded;
    this.recorder.record('WEIGHTS', { peer: id, bytes: total, ms: host.now() - begun });
  }

  /** Ends the plan on all nodes; weights stay on their disks. */
  private async drop(): Promise<void> {
    const { plan } = this;
    this.plan = undefined;
    if (!plan) return;
    this.cacheLost = true;
    const why = this.broken?.message ?? 'there is a better plan';
    this.mail.fail(new Error(why));
    for (const id of plan.nodes.flat()) this.members.get(id)?.tell({ type: 'abort', tag: plan.tag, why });
    await plan.loaded?.close();
  }

  async run(step: Step): Promise<readonly Candidates[]> {
    if (this.broken || !this.plan) await this.settle();
    this.assertCache();
    const plan = this.plan!;
    try {
      return await this.runPlan(plan, step);
    } catch (error) {
      this.broken ??= error as Error;
      this.changed = true;
      await this.settle();
      this.assertCache();
      throw error; // not reached: a broken plan has lost its cache
    }
  }

  private assertCache(): void {
    if (!this.cacheLost) return;
    this.cacheLost = false;
    throw new CacheLostError('the cluster has a new layout');
  }

  private async runPlan(plan: Plan, step: Step): Promise<readonly Candidates[]> {
    const { host, model } = this.options;
    const { recorder } = this;
    const begun = host.now();
    const { stream } = codecsFor(this.options.syncType, model.header.dim);
    const embeddings = await this.embeddings(step);
    const words = stepToWords(step);
    const input =
      plan.nodes[0].length > 1 || plan.nodes[0][0] !== ROOT_ID
        ? stream.encode(embeddings, 0, embeddings.length)
        : new Uint8Array();
    // All ranks must compute with what the others read.
    if (input.length > 0) stream.decode(input, embeddings, 0, embeddings.length);
    const answers = all(plan.answering.filter((id) => id !== ROOT_ID).map((id) => this.answerOf(id)));
    answers.catch(() => {}); // the own part may fail first
    let sent = 0;
    for (const [stage, ranks] of plan.nodes.entries()) {
      const frame = stepFrame(plan.tag, words, stage === 0 ? input : new Uint8Array());
      for (const id of ranks) {
        if (id === ROOT_ID) continue;
        this.peers.send(id, ...frame);
        sent += frame.reduce((sum, part) => sum + part.length, 0);
      }
    }
    const callOff = host.after(STEP_LIMIT_MS, () => this.loseSlowest(plan));
    try {
      const own = await plan.runner?.run(step, embeddings);
      const waited = host.now();
      const others = await answers;
      const ended = host.now();
      if (this.broken) throw this.broken;
      const computeMs = Math.max(own?.computeMs ?? 0, ...others.map((answer) => answer.computeMs));
      if (sent > 0) {
        const bytes = sent + others.reduce((sum, answer) => sum + answer.bytes, 0);
        // Where other stages compute meanwhile, that is no waiting for the network.
        const computedElsewhere = Math.max(0, computeMs - (own?.computeMs ?? 0));
        recorder.record('SYNC_WITH_ROOT', { bytes, ms: Math.max(0, ended - waited - computedElsewhere) });
      }
      const totalMs = ended - begun;
      const tokens = stepTokens(step);
      recorder.recordStep({
        tokens,
        phase: tokens > step.runs.length ? 'evaluation' : 'prediction',
        computeMs: Math.min(totalMs, computeMs),
        syncMs: Math.max(0, totalMs - computeMs),
      });
      return this.merge(plan, step, own?.candidates ?? [], others);
    } finally {
      callOff();
    }
  }

  /** [tokens, dim]: read from the file, so that no node holds the table. */
  private async embeddings(step: Step): Promise<Float32Array> {
    const { model } = this.options;
    const { dim } = model.header;
    const tokens = step.runs.flatMap((run) => run.tokens);
    const rows = new Float32Array(tokens.length * dim);
    await Promise.all(
      tokens.map(async (id, i) => rows.set(await readRows(model, 'embedding', { start: id, end: id + 1 }), i * dim)),
    );
    return rows;
  }

  private answerOf(id: PeerId): Promise<RemoteAnswer> {
    if (this.broken) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => this.answers.set(id, { resolve, reject }));
  }

  private merge(plan: Plan, step: Step, own: readonly Candidates[], others: readonly RemoteAnswer[]): Candidates[] {
    const remote = [...others];
    const parts = plan.answering.map((id) => (id === ROOT_ID ? own : remote.shift()!.candidates));
    return step.runs
      .flatMap((run) => run.wanted)
      .map((request, row) =>
        parts.length === 1
          ? parts[0][row]
          : mergeCandidates(
              parts.map((part) => part[row]),
              request,
            ),
      );
  }

  private receive(from: PeerId, kind: number, frame: Uint8Array<ArrayBuffer>): void {
    if (kind === FrameKind.answer) {
      if (tagOf(frame) !== this.plan?.tag) return;
      const { computeMs, bytes } = readTimed(frame.subarray(HEAD_BYTES));
      const waiting = this.answers.get(from);
      this.answers.delete(from);
      waiting?.resolve({
        computeMs,
        candidates: candidatesFromWords(new Int32Array(bytes.slice().buffer)),
        bytes: frame.length,
      });
    } else if (kind === FrameKind.control) {
      this.hear(from, readControl<ToRoot>(frame));
    }
  }

  private hear(from: PeerId, message: ToRoot): void {
    const member = this.members.get(from);
    if (!member) return;
    if (message.type === 'loading') {
      if (message.tag !== this.lastTag) return;
      member.wrote(message.done);
      this.options.onEvent({ ...message, id: from });
    } else if (message.type === 'failed') {
      if (message.tag !== this.lastTag) return;
      const error = new MemberFailedError(from, message.message, message.peer);
      for (const one of this.members.values()) one.rejectAll(error);
      if (this.plan?.tag === message.tag) {
        if (!this.settling) this.blame(error);
        this.breakPlan(error);
      } else {
        this.mail.fail(error);
      }
    } else {
      member.answered(message);
    }
  }

  private lose(id: PeerId, reason: Error): void {
    const member = this.members.get(id);
    if (!member) return;
    this.members.delete(id);
    this.peers.remove(id);
    for (const key of this.tuned.keys()) if (key.split(' ').includes(id)) this.tuned.delete(key);
    this.changed = true;
    this.onChange?.();
    this.meshed = '';
    this.options.onEvent({ type: 'lost', id, why: reason.message });
    const error = new MemberLostError(id, reason);
    member.rejectAll(error);
    if (this.plan?.nodes.flat().includes(id)) this.breakPlan(error);
    // Others may wait for it in a tuning or loading.
    else if (this.settling) this.mail.fail(error);
    if (this.settling) for (const one of this.members.values()) one.rejectAll(error);
  }

  private breakPlan(error: Error): void {
    this.broken ??= error;
    this.changed = true;
    this.mail.fail(error);
    for (const { reject } of this.answers.values()) reject(error);
    this.answers.clear();
  }

  /** A step does not end though all heartbeats go on: whoever computes keeps the others waiting. */
  private async loseSlowest(plan: Plan): Promise<void> {
    const remote = plan.nodes.flat().filter((id) => id !== ROOT_ID);
    const states = await Promise.all(
      remote.map(async (id) => {
        const member = this.members.get(id);
        const status = await member
          ?.ask({ type: 'status' }, 'status')
          .then(({ busy }) => busy)
          .catch(() => 'computing' as const);
        return { id, status };
      }),
    );
    const slowest =
      states.find(({ status }) => status === 'computing') ?? states.find(({ status }) => status === 'idle');
    if (slowest && this.plan === plan) {
      this.lose(slowest.id, new Error(`it has computed on one step for ${STEP_LIMIT_MS / 1000} s`));
    }
  }

  /** What all nodes have counted since the last time, the root first. */
  async report(): Promise<{ id: PeerId; snapshot: NetworkSnapshot; memoryBytes: Bytes }[]> {
    const reports = [{ id: ROOT_ID, snapshot: this.recorder.snapshot(), memoryBytes: this.options.host.memoryBytes() }];
    this.recorder.reset();
    for (const id of this.plan?.nodes.flat() ?? []) {
      const answer = await this.members
        .get(id)
        ?.ask({ type: 'report' }, 'report')
        .catch(() => undefined);
      if (answer)
        reports.push({ id, snapshot: parseNetworkSnapshot(answer.snapshot), memoryBytes: answer.memoryBytes });
    }
    return reports;
  }

  /** Of the root's own device. */
  async timings(): Promise<readonly OpTiming[]> {
    return (await this.plan?.loaded?.timings()) ?? [];
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.settling?.catch(() => {});
    await this.drop();
    for (const id of this.peers.ids()) this.peers.remove(id);
    this.members.clear();
  }
}

/** Like Promise.all, but those that fail later do so unheard. */
function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  for (const promise of promises) promise.catch(() => {});
  return Promise.all(promises);
}
