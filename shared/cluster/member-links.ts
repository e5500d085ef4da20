// The links that members have to each other: has them opened, knows who cannot reach whom, and how long each takes. It
// decides nothing about members.

import type { LinkCapacity } from '../layout/layout.ts';
import type { Milliseconds, PeerId } from '../units.ts';
import type { Member } from './member.ts';

/** Two members that cannot reach each other. */
export interface Hole {
  readonly earlier: PeerId;
  /** It joined after the other. */
  readonly later: PeerId;
  readonly why: string;
}

export class MemberLinks {
  private readonly cluster: string;
  private readonly members: ReadonlyMap<PeerId, Member>;
  private readonly roundTrips = new Map<PeerId, ReadonlyMap<PeerId, Milliseconds>>();
  /** The roster that has links between all. */
  private open = '';
  private renewals = 0;

  /** `members` are those there are at any time. */
  constructor(cluster: string, members: ReadonlyMap<PeerId, Member>) {
    this.cluster = cluster;
    this.members = members;
  }

  /** Links may be gone: the next `openAll` has them opened again. */
  renew(): void {
    this.open = '';
    this.renewals++;
  }

  /** Gives all members links to each other, unless they have them. */
  async openAll(members: readonly Member[]): Promise<Hole[]> {
    const roster = members.map(({ address }) => address);
    const key = JSON.stringify(roster);
    if (this.open === key) return [];
    const { cluster, renewals } = this;
    const answers = await Promise.all(
      members.map((member) => member.ask({ type: 'mesh', cluster, you: member.id, roster }, 'meshed')),
    );
    const holes = answers.flatMap(({ unreachable }, i) =>
      unreachable.map(({ id, why }): Hole => {
        const own = members[i].id;
        const isLater = members.findIndex((member) => member.id === id) > i;
        return { earlier: isLater ? own : id, later: isLater ? id : own, why };
      }),
    );
    if (holes.length === 0 && renewals === this.renewals) this.open = key;
    return holes;
  }

  /** Asks all how far they are from each other. Links have been measuring that since they were opened. */
  async measure(members: readonly Member[]): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        const { roundTrips } = await member.ask({ type: 'distances' }, 'distances');
        this.roundTrips.set(member.id, new Map(roundTrips.map(({ id, ms }) => [id, ms])));
      }),
    );
  }

  /** Between workers: how fast is only known of their ways to the root, of which the slower counts. */
  between(a: PeerId, b: PeerId): LinkCapacity {
    const toRoot = [a, b].flatMap((id) => this.members.get(id)?.link ?? []);
    const measured = [this.roundTrips.get(a)?.get(b), this.roundTrips.get(b)?.get(a)].filter((ms) => ms !== undefined);
    return {
      roundTripMs: Math.max(0, ...(measured.length > 0 ? measured : toRoot.map(({ roundTripMs }) => roundTripMs))),
      bytesPerSecond: Math.min(1e12, ...toRoot.map(({ bytesPerSecond }) => bytesPerSecond)),
    };
  }
}
