// What the nodes of a cluster can do: each is measured alone, once; then all at the same time whenever one has come, since
// those that share a machine slow each other down.

import { evenSpeeds } from '../layout/even-speeds.ts';
import type { NodeCapacity } from '../layout/layout.ts';
import type { NetworkRecorder } from '../measure/network.ts';
import type { PeerId } from '../units.ts';
import { allHeard } from './all-heard.ts';
import type { NodeHost } from './host.ts';
import type { Member } from './member.ts';
import { ROOT_ID } from './messages.ts';

export class Capacities {
  private readonly host: NodeHost;
  private readonly recorder: NetworkRecorder;
  private root: NodeCapacity | undefined;
  /** What each read with all of these at work. */
  private together: ReadonlyMap<PeerId, number> = new Map();

  constructor(host: NodeHost, recorder: NetworkRecorder) {
    this.host = host;
    this.recorder = recorder;
  }

  /** The root's first, then in the members' order. */
  async measure(members: readonly Member[]): Promise<NodeCapacity[]> {
    const { host } = this;
    // One after the other, and the root last: workers that have only just started on its machine are still busy.
    for (const member of members) await this.measureAlone(member);
    // Once: later the model itself takes of the memory.
    this.root ??= { id: ROOT_ID, ...(await host.measure()), freeBytes: host.freeBytes() };
    if (members.some(({ id }) => !this.together.has(id))) await this.measureTogether(members);
    const nodes = [this.root, ...members.map(({ capacity }) => capacity!)];
    return evenSpeeds(nodes, this.together);
  }

  private async measureAlone(member: Member): Promise<void> {
    if (member.capacity) return;
    const { bytesPerSecond, macsPerSecond, freeBytes } = await member.ask({ type: 'measure' }, 'capacity');
    await member.measureLink(() => this.host.now());
    member.capacity = { id: member.id, bytesPerSecond, macsPerSecond, freeBytes };
    this.recorder.setLink(member.id, member.link!);
  }

  private async measureTogether(members: readonly Member[]): Promise<void> {
    const root = this.host.measureReading();
    const others = members.map((member) => member.ask({ type: 'measure-together' }, 'reading'));
    const answers = await allHeard(others);
    this.together = new Map([
      [ROOT_ID, await root],
      ...members.map(({ id }, i): [PeerId, number] => [id, answers[i].bytesPerSecond]),
    ]);
  }
}
