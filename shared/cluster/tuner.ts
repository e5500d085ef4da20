// Which all-reduce suits which ranks: times them on the real links, once for each group, and remembers. Knows members only
// as those whom it asks.

import { ALGORITHMS, type Algorithm } from '../collective/all-reduce.ts';
import {
  type AlgorithmCost,
  cheapest,
  costOf,
  describeChoice,
  finalists,
  fitCosts,
  LONG_ROUNDS,
  measuredLengths,
  type Rounds,
  SHORT_ROUNDS,
  slowestOf,
  type Timings,
  timeAlgorithms,
  UNMEASURED,
} from '../collective/choice.ts';
import type { Layout, LayoutGoal, NodeCapacity, SyncType } from '../layout/layout.ts';
import { NetworkRecorder } from '../measure/network.ts';
import type { Milliseconds, PeerId } from '../units.ts';
import { allHeard } from './all-heard.ts';
import type { Mailbox } from './mailbox.ts';
import type { Member } from './member.ts';
import { ROOT_ID } from './messages.ts';
import type { PeerSet } from './peer-set.ts';
import { codecsFor, LinkGroup } from './rank-runner.ts';

export interface TunerParts {
  readonly mail: Mailbox;
  readonly peers: PeerSet;
  readonly now: () => Milliseconds;
  readonly dim: number;
  readonly maxTokens: number;
  readonly syncType: SyncType;
  /** The number of a new plan: whoever measures plans for nothing else. */
  nextTag(): number;
  /** Throws if it has left. */
  member(id: PeerId): Member;
}

export class Tuner {
  private readonly parts: TunerParts;
  private readonly known = new Map<string, readonly AlgorithmCost[]>();

  constructor(parts: TunerParts) {
    this.parts = parts;
  }

  costs(ids: readonly PeerId[]): readonly AlgorithmCost[] {
    return this.known.get(ids.join(' ')) ?? UNMEASURED;
  }

  /** Of one token's vector; NaN where nothing was measured. */
  allReduceMs(ids: readonly PeerId[]): Milliseconds {
    const costs = this.known.get(ids.join(' '));
    return costs ? costOf(cheapest(costs, this.parts.dim), this.parts.dim) : Number.NaN;
  }

  /** The same, by way of the first of them: what a stage with a leader does. */
  starMs(ids: readonly PeerId[]): Milliseconds {
    const star = this.known.get(ids.join(' '))?.find(({ algorithm }) => algorithm === 'star');
    return star ? costOf(star, this.parts.dim) : Number.NaN;
  }

  /** A node has left: its links may be others when it comes back. */
  forget(id: PeerId): void {
    for (const key of this.known.keys()) if (key.split(' ').includes(id)) this.known.delete(key);
  }

  /** Measures the root and the fastest workers, in those numbers that the planner weighs most. */
  async tuneLikely([root, ...workers]: readonly NodeCapacity[], goal: LayoutGoal): Promise<void> {
    const all = workers.length + 1;
    if (goal === 'pp' || all < 2) return;
    const fastest = [root, ...workers.toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond)].map(({ id }) => id);
    const counts = goal === 'auto' ? [2, 4, 8, all].filter((count) => count <= all) : [all];
    for (const count of new Set(counts)) await this.tune(fastest.slice(0, count));
  }

  /** Measures the stages that were not measured before. */
  async tuneLayout({ stages }: Layout): Promise<void> {
    for (const ranks of stages) if (ranks.length > 1) await this.tune(ranks.map(({ node }) => node));
  }

  /** What was chosen, for people. */
  describe({ stages }: Layout): string[] {
    const { dim, maxTokens, syncType } = this.parts;
    const { sums } = codecsFor(syncType, dim);
    return stages.flatMap((ranks) => {
      const costs = this.known.get(ranks.map(({ node }) => node).join(' '));
      return costs ? [describeChoice(costs, dim, maxTokens, (count) => sums.bytes(count))] : [];
    });
  }

  private async tune(ids: readonly PeerId[]): Promise<void> {
    const key = ids.join(' ');
    if (this.known.has(key)) return;
    const lengths = measuredLengths(this.parts.dim, this.parts.maxTokens);
    let short = await this.time(ids, lengths[0], ALGORITHMS, SHORT_ROUNDS);
    const final = finalists(short);
    if (final) {
      const { algorithms, rounds } = final;
      const better = await this.time(ids, lengths[0], algorithms, rounds);
      short = short.map((ms, i) => better[algorithms.indexOf(ALGORITHMS[i])] ?? ms);
    }
    const long = await this.time(ids, lengths[1], ALGORITHMS, LONG_ROUNDS);
    this.known.set(key, fitCosts(lengths, short, long));
  }

  /** By all ranks at the same time; the slowest times. */
  private async time(
    ids: readonly PeerId[],
    length: number,
    algorithms: readonly Algorithm[],
    rounds: Rounds,
  ): Promise<Timings> {
    const { mail, peers, now, syncType, nextTag, member } = this.parts;
    const tag = nextTag();
    mail.begin(tag);
    const { sums } = codecsFor(syncType, length);
    const timings = ids.map(async (id, rank) => {
      if (id !== ROOT_ID)
        return (await member(id).ask({ type: 'tune', tag, ids, length, algorithms, rounds, syncType }, 'timings'))
          .timings;
      const group = new LinkGroup(ids, rank, tag, { mail, peers, recorder: new NetworkRecorder(), now });
      return timeAlgorithms(group, sums, length, { algorithms, rounds }, now);
    });
    const all = await allHeard(timings);
    if (all.some(({ length: count }) => count !== algorithms.length))
      throw new TypeError('a member timed other algorithms');
    return slowestOf(all);
  }
}
