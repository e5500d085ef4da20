// A worker for as long as it has a root: does what the root's messages say, one plan after the other, until the link to it
// breaks. Knows no addresses but those that the root names.

import { timeAlgorithms } from '../collective/choice.ts';
import type { LoadedProgram } from '../device/device.ts';
import { assertStep } from '../device/step.ts';
import { candidatesToWords, stepFromWords } from '../device/words.ts';
import { nodesOf } from '../layout/layout.ts';
import { NetworkRecorder } from '../measure/network.ts';
import { FrameKind } from '../mesh/frames.ts';
import type { WatchedLink } from '../mesh/heartbeat.ts';
import { frameBytes } from '../mesh/link.ts';
import { checkHeader } from '../model/header-rules.ts';
import { buildProgram } from '../program/build.ts';
import type { PeerId } from '../units.ts';
import { readChunkFrame, readStepFrame, tagOf, timedHead } from './frames.ts';
import type { NodeHost } from './host.ts';
import { Mailbox } from './mailbox.ts';
import type { DeviceSpeed } from './measure-device.ts';
import {
  controlFrame,
  type PlanMessage,
  ROOT_ID,
  type RosterEntry,
  readControl,
  type ToRoot,
  type ToWorker,
} from './messages.ts';
import { PeerSet } from './peer-set.ts';
import { codecsFor, LinkGroup, placeOf, RankRunner } from './rank-runner.ts';
import { cutChunks } from './weights/chunks.ts';
import { packProgram } from './weights/pack.ts';
import { WeightReceiver } from './weights/receive.ts';

/** How long workers wait for each other's links. */
const MESH_LIMIT_MS = 15_000;

/** Tags begin with 1. */
const NO_PLAN = 0;

/** Links that others have opened before the root has said who belongs to the cluster. */
const MOST_EARLY = 64;

/** The link to another worker broke in the middle of a plan. */
class PeerGoneError extends Error {
  readonly peer: PeerId;

  constructor(peer: PeerId, cause: Error) {
    super(`the link to ${peer} broke: ${cause.message}`, { cause });
    this.peer = peer;
  }
}

export interface WorkerParts {
  readonly host: NodeHost;
  readonly root: WatchedLink;
  /** Opens a link to another worker of the same cluster; the hello says who calls. */
  dialPeer(entry: RosterEntry, hello: { readonly cluster: string; readonly id: PeerId }): Promise<WatchedLink>;
  /** What a person may see of it. */
  onEvent(event: WorkerEvent): void;
}

export type WorkerEvent =
  | { readonly type: 'loading'; readonly model: string; readonly done: number; readonly total: number }
  | { readonly type: 'ready'; readonly model: string; readonly place: string }
  | { readonly type: 'spare' }
  | { readonly type: 'failed'; readonly message: string };

export class WorkerSession {
  /** Resolves with the reason when the root is gone. */
  readonly ended: Promise<Error>;
  private readonly parts: WorkerParts;
  private readonly mail = new Mailbox();
  private readonly peers: PeerSet;
  private readonly recorder = new NetworkRecorder();
  private readonly end: (reason: Error) => void;
  private readonly onArrival = new Set<() => void>();
  private readonly early: { readonly cluster: string; readonly id: PeerId; readonly link: WatchedLink }[] = [];
  private speed: DeviceSpeed | undefined;
  private cluster = '';
  private id: PeerId = '';
  private tag = NO_PLAN;
  /** Without whom the plan of that tag cannot go on. */
  private involved: ReadonlySet<PeerId> = new Set();
  private loaded: LoadedProgram | undefined;
  private runner: RankRunner | undefined;
  private receiver: WeightReceiver | undefined;
  private limits = { slots: 0, maxTokens: 0, seqLen: 0, vocabSize: 0 };
  private takesInput = false;
  /** Settles with the last step. */
  private steps: Promise<void> = Promise.resolve();

  constructor(parts: WorkerParts) {
    this.parts = parts;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.ended = promise;
    this.end = resolve;
    this.peers = new PeerSet(this.mail, {
      frame: (from, kind, frame) => {
        if (from === ROOT_ID) this.fromRoot(kind, frame);
      },
      gone: (peer, reason) => this.gone(peer, reason),
    });
    this.peers.add(ROOT_ID, parts.root);
  }

  /** Another worker dialled this one: perhaps before the root's own word of it has come, then it has to wait. */
  acceptPeer(link: WatchedLink, hello: { readonly cluster?: unknown; readonly id?: unknown }): void {
    if (typeof hello.cluster !== 'string' || typeof hello.id !== 'string' || this.early.length >= MOST_EARLY)
      link.close();
    else this.early.push({ cluster: hello.cluster, id: hello.id, link });
    this.takeEarly();
  }

  private takeEarly(): void {
    if (this.cluster === '') return;
    for (const { cluster, id, link } of this.early.splice(0)) {
      if (cluster === this.cluster && id !== ROOT_ID) this.peers.add(id, link);
      else link.close();
    }
    for (const look of this.onArrival) look();
  }

  private answer(message: ToRoot): void {
    this.peers.send(ROOT_ID, ...controlFrame(message));
  }

  private fromRoot(kind: number, frame: Uint8Array<ArrayBuffer>): void {
    if (kind === FrameKind.step) {
      const tag = tagOf(frame);
      this.steps = this.steps.then(() => this.step(frame)).catch((error) => this.failed(tag, error));
    } else if (kind === FrameKind.chunk) {
      const { tag, index, bytes } = readChunkFrame(frame);
      if (tag === this.tag) this.receiver?.accept(index, bytes).catch((error) => this.failed(tag, error));
    } else if (kind === FrameKind.control) {
      const message = readControl<ToWorker>(frame);
      const tag = 'tag' in message ? message.tag : this.tag;
      this.obey(message).catch((error) => this.failed(tag, error));
    }
  }

  private async obey(message: ToWorker): Promise<void> {
    const { host } = this.parts;
    switch (message.type) {
      case 'measure': {
        this.speed ??= await host.measure();
        return this.answer({ type: 'capacity', ...this.speed, freeBytes: host.freeBytes() });
      }
      case 'measure-together':
        return this.answer({ type: 'reading', bytesPerSecond: await host.measureReading() });
      case 'probe':
        return this.answer({ type: 'probed' });
      case 'mesh':
        this.cluster = message.cluster;
        this.id = message.you;
        this.takeEarly();
        return this.answer({ type: 'meshed', unreachable: await this.mesh(message.roster) });
      case 'distances':
        return this.answer({ type: 'distances', roundTrips: this.peers.roundTrips() });
      case 'tune': {
        this.begin(message.tag, message.ids);
        const group = new LinkGroup(message.ids, message.ids.indexOf(this.id), message.tag, this.groupParts());
        const { sums } = codecsFor(message.syncType, message.length);
        const timings = await timeAlgorithms(group, sums, message.length, message, () => host.now());
        return this.answer({ type: 'timings', tag: message.tag, timings });
      }
      case 'plan':
        return this.plan(message);
      case 'abort':
        if (message.tag !== this.tag) return;
        this.tag = NO_PLAN; // so that steps that end now are no failures
        this.mail.fail(new Error(message.why));
        return this.unload();
      case 'spare':
        return this.parts.onEvent({ type: 'spare' });
      case 'status':
        return this.answer({ type: 'status', busy: this.runner?.activity ?? 'idle' });
      case 'report': {
        const snapshot = this.recorder.snapshot();
        this.recorder.reset();
        return this.answer({ type: 'report', snapshot, memoryBytes: host.memoryBytes() });
      }
    }
  }

  /** Dials the workers before this one and waits for those behind it. */
  private async mesh(roster: readonly RosterEntry[]): Promise<{ id: PeerId; why: string }[]> {
    const own = roster.findIndex(({ id }) => id === this.id);
    const known = new Set([ROOT_ID, ...roster.map(({ id }) => id)]);
    for (const id of this.peers.ids()) if (!known.has(id)) this.peers.remove(id);
    const unreachable: { id: PeerId; why: string }[] = [];
    await Promise.all(
      roster.map(async (entry, i) => {
        if (i === own || this.peers.has(entry.id)) return;
        try {
          if (i > own) await this.arrival(entry.id);
          else this.peers.add(entry.id, await this.parts.dialPeer(entry, { cluster: this.cluster, id: this.id }));
        } catch (error) {
          unreachable.push({ id: entry.id, why: (error as Error).message });
        }
      }),
    );
    return unreachable;
  }

  private arrival(id: PeerId): Promise<void> {
    return new Promise((resolve, reject) => {
      const callOff = this.parts.host.after(MESH_LIMIT_MS, () => {
        this.onArrival.delete(look);
        reject(new Error(`it opened no link within ${MESH_LIMIT_MS / 1000} s`));
      });
      const look = (): void => {
        if (!this.peers.has(id)) return;
        this.onArrival.delete(look);
        callOff();
        resolve();
      };
      this.onArrival.add(look);
      look();
    });
  }

  /** What is counted while algorithms are compared is thrown away. */
  private groupParts() {
    return { mail: this.mail, peers: this.peers, recorder: new NetworkRecorder(), now: () => this.parts.host.now() };
  }

  private begin(tag: number, involved: readonly PeerId[]): void {
    this.tag = tag;
    this.involved = new Set(involved);
    this.mail.begin(tag);
    // Whoever is gone already will not be missed again.
    const lost = involved.find((id) => id !== this.id && !this.peers.has(id));
    if (lost !== undefined) this.mail.fail(new PeerGoneError(lost, new Error('it was gone before')));
  }

  private async unload(): Promise<void> {
    const { loaded } = this;
    this.runner = undefined;
    this.receiver = undefined;
    this.loaded = undefined;
    await loaded?.close();
  }

  private async plan(message: PlanMessage): Promise<void> {
    const { host, onEvent } = this.parts;
    const { tag, header, layout, model, slots, maxTokens, syncType } = message;
    const nodes = nodesOf(layout);
    this.begin(tag, nodes.flat());
    await this.unload();
    checkHeader(header, model);
    const place = placeOf(layout, this.id);
    if (!place) throw new Error('the layout has no place for this node');
    const { slice } = layout.stages[place.stage][place.rank];
    const packed = packProgram(buildProgram(header, slice, { embeds: false }));
    const chunks = cutChunks(packed);
    const loading = (done: number, total: number): void => {
      if (this.tag !== tag) return;
      this.answer({ type: 'loading', tag, done, total });
      onEvent({ type: 'loading', model, done, total });
    };
    const receiver = await WeightReceiver.begin(chunks, message.hashes, host.store, loading);
    if (this.tag !== tag) return;
    this.receiver = receiver;
    this.answer({ type: 'missing', tag, chunks: receiver.missing });
    await receiver.complete;
    if (this.tag !== tag) return;
    const source = await host.store.source(receiver.contents, model);
    const loaded = await host.device.load(packed.program, { source, tensors: packed.tensors }, { slots, maxTokens });
    await source.close();
    if (this.tag !== tag) return loaded.close();
    this.loaded = loaded;
    this.limits = { slots, maxTokens, seqLen: header.seqLen, vocabSize: header.vocabSize };
    this.takesInput = place.receivers.includes(this.id);
    const { mail, peers, recorder } = this;
    const { program } = packed;
    const now = () => host.now();
    this.runner = new RankRunner({
      ...{ program, loaded, place, tag, syncType, costs: message.costs, mail, peers, recorder, now },
    });
    this.answer({ type: 'loaded', tag });
    onEvent({
      type: 'ready',
      model,
      place: `stage ${place.stage + 1} of ${nodes.length}, rank ${place.rank + 1} of ${nodes[place.stage].length}`,
    });
  }

  private async step(frame: Uint8Array<ArrayBuffer>): Promise<void> {
    const { tag, words: stepWords, input } = readStepFrame(frame);
    const { runner } = this;
    if (tag !== this.tag || !runner) return;
    this.recorder.recordLink(ROOT_ID, { receivedBytes: frame.length });
    const step = stepFromWords(stepWords);
    assertStep(step, this.limits);
    const embeddings = this.takesInput ? await runner.takeInput(step, input) : undefined;
    const { candidates, computeMs } = await runner.run(step, embeddings);
    if (!runner.isLast) return;
    const words = candidatesToWords(candidates);
    const body = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const answer = [timedHead(FrameKind.answer, tag, computeMs), body];
    this.peers.send(ROOT_ID, ...answer);
    this.recorder.recordLink(ROOT_ID, { sentBytes: frameBytes(answer) });
  }

  private gone(peer: PeerId, reason: Error): void {
    if (peer !== ROOT_ID) {
      if (this.involved.has(peer)) this.mail.fail(new PeerGoneError(peer, reason));
      return;
    }
    this.tag = NO_PLAN;
    this.mail.fail(reason);
    for (const id of this.peers.ids()) this.peers.remove(id);
    this.unload().finally(() => this.end(reason));
  }

  /** Of a plan that is over nobody wants to hear. */
  private failed(tag: number, error: unknown): void {
    if (tag !== this.tag) return;
    const peer = error instanceof PeerGoneError ? error.peer : undefined;
    const { message } = error as Error;
    if (peer === undefined) this.parts.onEvent({ type: 'failed', message });
    this.answer({ type: 'failed', tag, message, ...(peer === undefined ? {} : { peer }) });
  }
}
