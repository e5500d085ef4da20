// The root of a cluster: knows the members, plans a layout, brings the weights where they belong, runs steps over all
// ranks, and starts again with those that are left when one is lost. To the engine it is a stepper like any other.

import type { AlgorithmCost } from '../collective/choice.ts';
import type { Candidates, OpTiming, Step } from '../device/device.ts';
import { CacheLostError } from '../engine/errors.ts';
import type { Stepper } from '../engine/stepper.ts';
import { formatLayout } from '../layout/format-layout.ts';
import { type Layout, type LayoutGoal, type NodeCapacity, nodesOf, type SyncType } from '../layout/layout.ts';
import { NotEnoughMemoryError } from '../layout/layout-errors.ts';
import { type PlannedLayout, planLayout } from '../layout/plan-layout.ts';
import type { Slice } from '../layout/slice.ts';
import { median } from '../measure/median.ts';
import { NetworkRecorder, type NetworkSnapshot } from '../measure/network.ts';
import { parseNetworkSnapshot } from '../measure/parse-network.ts';
import { FrameKind } from '../mesh/frames.ts';
import type { WatchedLink } from '../mesh/heartbeat.ts';
import type { Model } from '../model/model.ts';
import { buildProgram } from '../program/build.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { allHeard } from './all-heard.ts';
import { bringWeights } from './bring-weights.ts';
import { Capacities } from './capacities.ts';
import { tagOf } from './frames.ts';
import type { NodeHost } from './host.ts';
import type { LayoutMemory } from './layout-memory.ts';
import { Mailbox } from './mailbox.ts';
import { Member, MemberFailedError, MemberLostError, SupersededError } from './member.ts';
import { MemberLinks } from './member-links.ts';
import { ROOT_ID, type RosterEntry, readControl, type ToRoot } from './messages.ts';
import { PeerSet } from './peer-set.ts';
import { codecsFor, placeOf, RankRunner } from './rank-runner.ts';
import { type PlanParts, RunningPlan } from './running-plan.ts';
import { Tuner } from './tuner.ts';
import { cutChunks } from './weights/chunks.ts';
import type { KnownHashes } from './weights/hashes.ts';
import { packProgram } from './weights/pack.ts';

export interface ClusterOptions {
  readonly host: NodeHost;
  readonly model: Model;
  /** For people. */
  readonly modelName: string;
  /** Of the model's chunks; those that it lacks are computed and come into it. */
  readonly hashes: KnownHashes;
  readonly goal: LayoutGoal;
  readonly syncType: SyncType;
  /** Whether ranks may compute half of each layer in full, where that saves time. */
  readonly replicates: boolean;
  /** Of starts with the same model and options. */
  readonly layouts: LayoutMemory;
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
  /** A plan was tried and found slower than the root would be alone. */
  | { readonly type: 'rejected'; readonly trialMs: Milliseconds; readonly aloneMs: Milliseconds }
  /** Weights on their way to a worker: of those that it has not. */
  | { readonly type: 'sending'; readonly id: PeerId; readonly done: Bytes; readonly total: Bytes; readonly held: Bytes }
  | { readonly type: 'loading'; readonly id: PeerId; readonly done: Bytes; readonly total: Bytes }
  | { readonly type: 'ready' };

/** A step that takes this long is stuck somewhere, however slow the machines. */
const STEP_LIMIT_MS: Milliseconds = 120_000;

/** Longer than it takes a heartbeat to find out that a peer is dead. */
const RECONSIDER_MS: Milliseconds = 7000;

/** Enough for a median, of which the first are slow because code runs for the first time. */
const TRIAL_TOKENS = 15;
/** What a token takes, over what is predicted of one node: attention, sampling and the rest. */
const UNPREDICTED = 1.33;

/** The median of so many tokens, one after the other. */
async function timeTokens(plan: RunningPlan, tokens: number, now: () => Milliseconds): Promise<Milliseconds> {
  const times: Milliseconds[] = [];
  for (let position = 0; position < tokens; position++) {
    const begun = now();
    await plan.run({ runs: [{ slot: 0, position, tokens: [0], wanted: [{ topK: 1, apart: [], full: false }] }] });
    times.push(now() - begun);
  }
  return median(times);
}

/** node-10 after node-9. */
const byNumbers = new Intl.Collator('en', { numeric: true });

const membersKey = (members: readonly Member[]): string => members.map(({ id }) => id).join(' ');

/** Without ports: those of workers that join are others each time. */
const placesKey = (members: readonly Member[]): string =>
  members.map(({ id, address }) => `${id}@${address.host}`).join(' ');

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
  private readonly tuner: Tuner;
  private readonly links: MemberLinks;
  private readonly capacities: Capacities;
  private lastTag = 0;
  private plan: RunningPlan | undefined;
  /** Why the plan cannot go on. */
  private broken: Error | undefined;
  /** Members came or went since the plan was made. */
  private changed = true;
  private onChange: (() => void) | undefined;
  /** With these members the root was faster alone. */
  private betterAlone: string | undefined;
  /** The engine's sequences have lost their cache without knowing it yet. */
  private cacheLost = false;
  private settling: Promise<void> | undefined;
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
    const { host, model, maxTokens, syncType } = options;
    this.capacities = new Capacities(host, this.recorder);
    this.links = new MemberLinks(options.cluster, this.members);
    this.tuner = new Tuner({
      ...{ mail: this.mail, peers: this.peers, now: () => host.now(), dim: model.header.dim, maxTokens, syncType },
      nextTag: () => ++this.lastTag,
      member: (id) => this.member(id),
    });
  }

  /** A worker has come. It takes part from the next plan on. */
  admit(address: RosterEntry, link: WatchedLink): void {
    this.lose(address.id, new Error('it came back'));
    const { host } = this.options;
    const { peers, recorder } = this;
    const now = () => host.now();
    this.members.set(
      address.id,
      new Member(address, { peers, recorder, now, after: (ms, run) => host.after(ms, run) }),
    );
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
    else if (this.members.has(peer)) this.links.renew();
  }

  private async settleOnce(): Promise<void> {
    const { model, goal, onEvent } = this.options;
    if (this.lastTag === 0) this.sortMembers();
    const members = [...this.members.values()];
    if (this.broken) await this.drop();
    for (const member of members) member.rejectAll(new SupersededError('another plan began'));
    const nodes = await this.capacities.measure(members);
    const [root] = nodes;
    await this.mesh(members);
    if (!this.plan) await this.tuner.tuneLikely(nodes, goal);
    await this.links.measure(members);
    const before = await this.options.layouts.recall(placesKey(members));
    const planned = this.planFor(this.betterAlone === membersKey(members) ? [root] : nodes, before);
    if (this.plan && JSON.stringify(planned.layout) === JSON.stringify(this.plan.layout)) return;
    if (this.plan) await this.drop();
    await this.tuner.tuneLayout(planned.layout);
    onEvent({
      type: 'planned',
      planned,
      lines: [...formatLayout(planned.layout, model.header), ...this.tuner.describe(planned.layout)],
    });
    await this.load(planned.layout);
    if (goal === 'auto' && (await this.isSlowerThanAlone(root))) {
      this.betterAlone = membersKey(members);
      this.changed = true;
      return;
    }
    await this.options.layouts.keep(placesKey(members), planned.layout);
    for (const member of members) if (!this.plan?.workers.includes(member.id)) member.tell({ type: 'spare' });
    onEvent({ type: 'ready' });
  }

  /**
   * By machine and name, before the first plan: in whatever order workers come after a restart, each gets the slice again
   * whose weights it keeps. Later ones stand behind, since a plan must not suffer from who comes.
   */
  private sortMembers(): void {
    const inOrder = [...this.members].sort(
      ([, { address: a }], [, { address: b }]) => byNumbers.compare(a.host, b.host) || byNumbers.compare(a.id, b.id),
    );
    this.members.clear();
    for (const [id, member] of inOrder) this.members.set(id, member);
  }

  private planFor(nodes: readonly NodeCapacity[], before?: Layout): PlannedLayout {
    const { model, goal, syncType, replicates, slots, maxTokens } = this.options;
    return planLayout({
      header: model.header,
      nodes,
      before,
      links: (a, b) => this.links.between(a, b),
      goal,
      syncType,
      replicates,
      slots,
      maxTokens,
      allReduceMs: (ranks) => this.tuner.allReduceMs(ranks),
      starMs: (ranks) => this.tuner.starMs(ranks),
    });
  }

  /**
   * Tries the plan on some tokens. Predictions cannot know all: nodes that share a processor, one that is hot. The prediction
   * for the root alone is the measure, with a third more for what no prediction counts.
   */
  private async isSlowerThanAlone(root: NodeCapacity): Promise<boolean> {
    const { plan } = this;
    if (!plan || plan.workers.length === 0) return false;
    let aloneMs: Milliseconds;
    try {
      aloneMs = this.planFor([root]).predicted.msPerToken;
    } catch (error) {
      if (error instanceof NotEnoughMemoryError) return false;
      throw error;
    }
    const { host, onEvent } = this.options;
    const before = this.recorder.snapshot();
    const trialMs = await timeTokens(plan, Math.min(TRIAL_TOKENS, this.seqLen), () => host.now());
    // What the trial has counted, on any node, is no part of a run; the weights that came before it are.
    await this.report();
    this.recorder.reset();
    this.recorder.merge(before);
    if (trialMs <= aloneMs * UNPREDICTED) return false;
    onEvent({ type: 'rejected', trialMs, aloneMs });
    return true;
  }

  /** Gives all members links to each other. Who cannot be reached by one before it is left out. */
  private async mesh(members: readonly Member[]): Promise<void> {
    const holes = await this.links.openAll(members);
    // Who is dead will be known soon; only then is it a matter between the living.
    if (holes.length > 0) await this.changeWithin(RECONSIDER_MS);
    for (const { earlier, later, why } of holes) {
      if (this.changed) break; // the first may be the cause of the others
      this.lose(later, new Error(`it and ${earlier} cannot reach each other (${why}); check firewalls`));
    }
    if (this.changed) throw new MemberLostError('', new Error('the mesh has holes'));
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

  private member(id: PeerId): Member {
    const member = this.members.get(id);
    if (!member) throw new MemberLostError(id, new Error('it left'));
    return member;
  }

  /** Brings weights to all ranks of the layout, and programs to run. */
  private async load(layout: Layout): Promise<void> {
    const tag = ++this.lastTag;
    this.mail.begin(tag);
    this.broken = undefined;
    const nodes = nodesOf(layout);
    const remote = layout.stages.flatMap((ranks, stage) =>
      ranks
        .filter(({ node }) => node !== ROOT_ID)
        .map(({ node, slice }) =>
          this.loadMember(this.member(node), tag, layout, slice, this.tuner.costs(nodes[stage])),
        ),
    );
    const mine = this.loadOwn(tag, layout);
    try {
      await allHeard(remote);
    } catch (error) {
      mine.then((own) => own?.loaded.close()).catch(() => {});
      throw error;
    }
    const { model, syncType, host } = this.options;
    const { peers, recorder } = this;
    const { sums: codec } = codecsFor(syncType, model.header.dim);
    const now = () => host.now();
    const inputCosts = this.tuner.costs(nodes[0]);
    this.plan = new RunningPlan({ tag, layout, model, codec, inputCosts, peers, recorder, now, own: await mine });
    if (this.plan.workers.some((id) => !this.members.has(id))) this.breakPlan(new Error('a member left meanwhile'));
  }

  private async loadOwn(tag: number, layout: Layout): Promise<PlanParts['own']> {
    const { host, model, syncType, slots, maxTokens, onEvent } = this.options;
    const place = placeOf(layout, ROOT_ID);
    if (!place) return undefined;
    const { slice } = layout.stages[place.stage][place.rank];
    const program = buildProgram(model.header, slice, { embeds: false });
    const onProgress = (done: Bytes, total: Bytes): void => onEvent({ type: 'loading', id: ROOT_ID, done, total });
    const loaded = await host.device.load(program, model, { slots, maxTokens, onProgress });
    const { mail, peers, recorder } = this;
    const now = () => host.now();
    const costs = this.tuner.costs(place.nodes[place.stage]);
    return {
      loaded,
      runner: new RankRunner({ program, loaded, place, tag, syncType, costs, mail, peers, recorder, now }),
    };
  }

  private async loadMember(
    member: Member,
    tag: number,
    layout: Layout,
    slice: Slice,
    costs: readonly AlgorithmCost[],
  ): Promise<void> {
    const { host, model, modelName, hashes, syncType, slots, maxTokens, onEvent } = this.options;
    const { id } = member;
    const { header } = model;
    const link = this.peers.link(id);
    if (!link) throw new MemberLostError(id, new Error('it left'));
    const begun = host.now();
    const bytes = await bringWeights({
      ...{ model, hashes, crypto: host.crypto, member, link },
      plan: { type: 'plan', tag, model: modelName, header, layout, syncType, slots, maxTokens, costs },
      chunks: cutChunks(packProgram(buildProgram(header, slice, { embeds: false }))),
      aborted: () => this.lastTag !== tag || this.peers.link(id) !== link,
      onProgress: (done, total, held) => onEvent({ type: 'sending', id, done, total, held }),
    });
    this.recorder.record('WEIGHTS', { peer: id, bytes, ms: host.now() - begun });
  }

  /** Ends the plan on all nodes; weights stay on their disks. */
  private async drop(): Promise<void> {
    const { plan } = this;
    this.plan = undefined;
    if (!plan) return;
    this.cacheLost = true;
    const why = this.broken?.message ?? 'there is a better plan';
    this.mail.fail(new Error(why));
    for (const id of plan.workers) this.members.get(id)?.tell({ type: 'abort', tag: plan.tag, why });
    await plan.close();
  }

  async run(step: Step): Promise<readonly Candidates[]> {
    if (this.broken || !this.plan) await this.settle();
    this.assertCache();
    const plan = this.plan!;
    const callOff = this.options.host.after(STEP_LIMIT_MS, () => this.loseSlowest(plan));
    try {
      return await plan.run(step);
    } catch (error) {
      this.broken ??= error as Error;
      this.changed = true;
      await this.settle();
      this.assertCache();
      throw error; // not reached: a broken plan has lost its cache
    } finally {
      callOff();
    }
  }

  private assertCache(): void {
    if (!this.cacheLost) return;
    this.cacheLost = false;
    throw new CacheLostError('the cluster has a new layout');
  }

  private receive(from: PeerId, kind: number, frame: Uint8Array<ArrayBuffer>): void {
    if (kind === FrameKind.answer) {
      if (tagOf(frame) === this.plan?.tag) this.plan.answered(from, frame);
    } else if (kind === FrameKind.control) {
      this.hear(from, readControl<ToRoot>(frame), frame.length);
    }
  }

  private hear(from: PeerId, message: ToRoot, bytes: Bytes): void {
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
      member.answered(message, bytes);
    }
  }

  private lose(id: PeerId, reason: Error): void {
    const member = this.members.get(id);
    if (!member) return;
    this.members.delete(id);
    this.peers.remove(id);
    this.tuner.forget(id);
    this.changed = true;
    this.onChange?.();
    this.links.renew();
    this.options.onEvent({ type: 'lost', id, why: reason.message });
    const error = new MemberLostError(id, reason);
    member.rejectAll(error);
    if (this.plan?.workers.includes(id)) this.breakPlan(error);
    // Others may wait for it in a tuning or loading.
    else if (this.settling) this.mail.fail(error);
    if (this.settling) for (const one of this.members.values()) one.rejectAll(error);
  }

  private breakPlan(error: Error): void {
    this.broken ??= error;
    this.changed = true;
    this.mail.fail(error);
    this.plan?.fail(error);
  }

  /** A step does not end though all heartbeats go on: whoever computes keeps the others waiting. */
  private async loseSlowest(plan: RunningPlan): Promise<void> {
    const states = await Promise.all(
      plan.workers.map(async (id) => {
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
    for (const id of this.plan?.workers ?? []) {
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
