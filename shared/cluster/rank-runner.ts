// A rank's part of steps: runs its segments on its device, and between them does what the sync points say over the links.
// The same for root and workers. Knows the layout and its own place in it, nothing of membership.

import { allGather, allReduce } from '../collective/all-reduce.ts';
import { type AlgorithmCost, cheapest } from '../collective/choice.ts';
import type { Group } from '../collective/group.ts';
import { collect, spread } from '../collective/led.ts';
import { f32Codec, q16Codec, q80Codec, type VectorCodec } from '../collective/vector-codec.ts';
import type { Candidates, LoadedProgram, Step } from '../device/device.ts';
import { stepTokens } from '../device/step.ts';
import { type Layout, nodesOf, type SyncType } from '../layout/layout.ts';
import type { NetworkRecorder } from '../measure/network.ts';
import { FrameKind } from '../mesh/frames.ts';
import type { Program } from '../program/program.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import { frameHead, readTimed, timedBody, timedHead } from './frames.ts';
import type { Mailbox } from './mailbox.ts';
import { ROOT_ID } from './messages.ts';
import type { PeerSet } from './peer-set.ts';

/** How partial sums and embeddings travel, and how the residual stream does. Models whose width is no whole blocks send floats. */
export function codecsFor(syncType: SyncType, dim: number): { sums: VectorCodec; stream: VectorCodec } {
  if (syncType === 'f32' || dim % 32 !== 0) return { sums: f32Codec, stream: f32Codec };
  return { sums: q80Codec, stream: q16Codec };
}

/** Where a rank stands. */
export interface Place {
  /** [stages][ranks] */
  readonly nodes: readonly (readonly PeerId[])[];
  readonly stage: number;
  readonly rank: number;
  /** Who gets embeddings from the root. */
  readonly receivers: readonly PeerId[];
}

export function placeOf(layout: Layout, id: PeerId): Place | undefined {
  const nodes = nodesOf(layout);
  for (const [stage, ranks] of nodes.entries()) {
    const rank = ranks.indexOf(id);
    if (rank >= 0) return { nodes, stage, rank, receivers: receiversOf(layout) };
  }
  return undefined;
}

/** Ranks of the first stage that have a residual stream, but do not read embeddings themselves. */
export const receiversOf = ({ stages }: Layout): readonly PeerId[] =>
  stages[0].filter(({ node, slice }) => node !== ROOT_ID && slice.led !== 'follower').map(({ node }) => node);

/**
 * Whether the root sends each of the workers a segment of the embeddings, which they pass on to each other, instead of
 * all to each. Wherever adding up is fastest by segments, bytes are what costs, and the root's line is the narrowest.
 */
export const scattersInput = (costs: readonly AlgorithmCost[], workers: number, length: number): boolean =>
  workers > 1 && cheapest(costs, length).algorithm === 'reduce-scatter';

/** Ranks as a group: messages are frames of `tag` over the links, and wait in the mailbox. */
export class LinkGroup implements Group {
  readonly size: number;
  readonly rank: number;
  /** Sent and received since the group began. */
  movedBytes: Bytes = 0;
  private readonly ids: readonly PeerId[];
  private readonly head: Uint8Array;
  private readonly parts: LinkGroupParts;

  constructor(ids: readonly PeerId[], rank: number, tag: number, parts: LinkGroupParts) {
    this.ids = ids;
    this.size = ids.length;
    this.rank = rank;
    this.head = frameHead(FrameKind.sync, tag);
    this.parts = parts;
  }

  send(to: number, bytes: Uint8Array): void {
    this.parts.peers.send(this.ids[to], this.head, bytes);
    this.movedBytes += bytes.length;
    this.parts.recorder.recordLink(this.ids[to], { sentBytes: bytes.length });
  }

  receive(from: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    const { mail, now } = this.parts;
    const begun = now();
    const arrived = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
      this.movedBytes += bytes.length;
      this.parts.recorder.recordLink(this.ids[from], { receivedBytes: bytes.length, waitMs: now() - begun });
      return bytes;
    };
    const bytes = mail.receive(this.ids[from], 'sync');
    return bytes instanceof Uint8Array ? arrived(bytes) : bytes.then(arrived);
  }
}

export interface LinkGroupParts {
  readonly mail: Mailbox;
  readonly peers: PeerSet;
  readonly recorder: NetworkRecorder;
  readonly now: () => Milliseconds;
}

export interface RunnerParts extends LinkGroupParts {
  readonly program: Program;
  readonly loaded: LoadedProgram;
  readonly place: Place;
  readonly tag: number;
  readonly syncType: SyncType;
  readonly costs: readonly AlgorithmCost[];
}

export interface RankResult {
  /** Of this rank's vocabulary rows, if it is of the last stage. */
  readonly candidates: readonly Candidates[];
  /** This rank's computing, and that of the stages before on whose results it waited. */
  readonly computeMs: Milliseconds;
}

export class RankRunner {
  /** What it does at the moment, for who wonders why it takes so long. */
  activity: 'idle' | 'computing' | 'waiting' = 'idle';
  /** Whether it ends the model, and answers. */
  readonly isLast: boolean;
  private readonly parts: RunnerParts;
  private readonly group: LinkGroup;
  private readonly sums: VectorCodec;
  private readonly stream: VectorCodec;
  private readonly dim: number;
  private countedBytes: Bytes = 0;

  constructor(parts: RunnerParts) {
    this.parts = parts;
    const { program, place, tag, syncType } = parts;
    this.dim = program.buffers.x.width;
    this.isLast = place.stage === place.nodes.length - 1;
    const { sums, stream } = codecsFor(syncType, this.dim);
    this.sums = sums;
    this.stream = stream;
    this.group = new LinkGroup(place.nodes[place.stage], place.rank, tag, parts);
  }

  /**
   * [tokens, dim] from what the root sent with a step to this rank of the first stage: all of it, or this rank's segment,
   * which the workers then send each other.
   */
  async takeInput(step: Step, input: Uint8Array): Promise<Float32Array> {
    const { place, tag, costs } = this.parts;
    const embeddings = new Float32Array(stepTokens(step) * this.dim);
    const workers = place.receivers;
    if (!scattersInput(costs, workers.length, embeddings.length)) {
      this.sums.decode(input, embeddings, 0, embeddings.length);
      return embeddings;
    }
    this.activity = 'waiting';
    const group = new LinkGroup(workers, workers.indexOf(place.nodes[0][place.rank]), tag, this.parts);
    await allGather(group, workers.length, input, embeddings, this.sums);
    return embeddings;
  }

  /** `embeddings`: [tokens, dim], for ranks of the first stage. */
  async run(step: Step, embeddings: Float32Array | undefined): Promise<RankResult> {
    try {
      return await this.runSegments(step, embeddings);
    } finally {
      this.activity = 'idle';
    }
  }

  private async runSegments(step: Step, embeddings: Float32Array | undefined): Promise<RankResult> {
    const { program, loaded, now } = this.parts;
    let input = embeddings;
    let computeMs = 0;
    this.activity = 'waiting';
    if (this.parts.place.stage > 0) ({ input, computeMs } = await this.takeHop(stepTokens(step)));
    for (const [index, { sync, ops }] of program.segments.entries()) {
      if (ops.length === 0) {
        const led = await this.takeSpread(stepTokens(step));
        input = led.input;
        computeMs += led.computeMs;
        continue;
      }
      this.activity = 'computing';
      const begun = now();
      const { output, candidates } = await loaded.run(step, index, input);
      const ms = now() - begun;
      computeMs += ms;
      this.activity = 'waiting';
      switch (sync) {
        case 'none':
          return { candidates, computeMs };
        case 'next-stage':
          this.passOn(output!, computeMs);
          break;
        case 'all-reduce':
          await this.addUp(output!);
          break;
        case 'collect':
          await this.collect(output!);
          break;
        case 'spread':
          this.spread(output!, ms);
      }
      input = program.segments[index + 1]?.input === undefined ? undefined : output;
    }
    return { candidates: [], computeMs };
  }

  private async addUp(vector: Float32Array): Promise<void> {
    const { group, sums } = this;
    const { costs, recorder, now } = this.parts;
    const begun = now();
    const { algorithm } = cheapest(costs, vector.length);
    await allReduce(algorithm, group, vector, sums);
    recorder.record('SYNC_NODE_SLICES', { bytes: this.takeMoved(), ms: now() - begun });
  }

  private async collect(vector: Float32Array): Promise<void> {
    const { group, sums } = this;
    const { recorder, now } = this.parts;
    const begun = now();
    await collect(group, vector, sums);
    if (group.rank === 0) recorder.record('SYNC_NODE_SLICES', { bytes: this.takeMoved(), ms: now() - begun });
  }

  private spread(vector: Float32Array, computeMs: Milliseconds): void {
    spread(this.group, timedBody(computeMs, this.sums.encode(vector, 0, vector.length)));
  }

  /** What the leader has spread, and how long it has computed on it. */
  private async takeSpread(tokens: number): Promise<{ input: Float32Array; computeMs: Milliseconds }> {
    const { recorder, now } = this.parts;
    const begun = now();
    const { computeMs, bytes } = readTimed(await this.group.receive(0));
    const input = new Float32Array(tokens * this.dim);
    this.sums.decode(bytes, input, 0, input.length);
    recorder.record('SYNC_NODE_SLICES', { bytes: this.takeMoved(), ms: Math.max(0, now() - begun - computeMs) });
    return { input, computeMs };
  }

  /** Bytes sent and received since it was asked last. */
  private takeMoved(): Bytes {
    const moved = this.group.movedBytes - this.countedBytes;
    this.countedBytes = this.group.movedBytes;
    return moved;
  }

  /** Each rank of the next stage gets the stream from one of this stage. */
  private passOn(stream: Float32Array, computeMs: Milliseconds): void {
    const { place, tag, peers, recorder } = this.parts;
    const [own, next] = [place.nodes[place.stage], place.nodes[place.stage + 1]];
    const mine = next.filter((_, rank) => rank % own.length === place.rank);
    if (mine.length === 0) return;
    const head = timedHead(FrameKind.hop, tag, computeMs);
    const bytes = this.stream.encode(stream, 0, stream.length);
    for (const node of mine) {
      peers.send(node, head, bytes);
      recorder.recordLink(node, { sentBytes: bytes.length });
    }
  }

  private async takeHop(tokens: number): Promise<{ input: Float32Array; computeMs: Milliseconds }> {
    const { place, mail, recorder, now } = this.parts;
    const before = place.nodes[place.stage - 1];
    const begun = now();
    const sender = before[place.rank % before.length];
    const body = await mail.receive(sender, 'hop');
    const { computeMs, bytes } = readTimed(body);
    const input = new Float32Array(tokens * this.dim);
    this.stream.decode(bytes, input, 0, input.length);
    const waitMs = Math.max(0, now() - begun - computeMs);
    recorder.record('SYNC_WITH_ROOT', { peer: sender, bytes: bytes.length, ms: waitMs });
    recorder.recordLink(sender, { receivedBytes: bytes.length, waitMs });
    return { input, computeMs };
  }
}
