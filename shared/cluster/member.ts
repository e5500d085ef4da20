// A worker as the root sees it: its link, what it has said of itself, and the questions that it has not answered yet.

import type { LinkCapacity, NodeCapacity } from '../layout/layout.ts';
import { median } from '../measure/median.ts';
import type { NetworkRecorder } from '../measure/network.ts';
import { frameBytes } from '../mesh/link.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';
import {
  ANSWER_LIMIT_MS,
  type Answer,
  controlFrame,
  type RosterEntry,
  type ToRoot,
  type ToWorker,
} from './messages.ts';
import type { PeerSet } from './peer-set.ts';

/** A member is gone, so that what was asked of it or planned with it will not come. */
export class MemberLostError extends Error {
  readonly member: PeerId;

  constructor(member: PeerId, cause: Error) {
    super(`${member} is gone: ${cause.message}`, { cause });
    this.member = member;
  }
}

/** A member says that it cannot do what it was asked for. */
export class MemberFailedError extends Error {
  readonly member: PeerId;
  /** Whose link broke, if it was that. */
  readonly peer: PeerId | undefined;

  constructor(member: PeerId, message: string, peer: PeerId | undefined) {
    super(message);
    this.member = member;
    this.peer = peer;
  }
}

/** The plan in which something was asked for is over. */
export class SupersededError extends Error {}

interface Question {
  readonly type: ToRoot['type'];
  readonly tag: number | undefined;
  readonly resolve: (answer: ToRoot, bytes: Bytes) => void;
  readonly reject: (error: Error) => void;
}

export interface MemberParts {
  readonly peers: PeerSet;
  readonly recorder: NetworkRecorder;
  now(): Milliseconds;
  after(ms: Milliseconds, run: () => void): () => void;
}

const PROBE_CHARACTERS = 65_536;

export class Member {
  readonly id: PeerId;
  readonly address: RosterEntry;
  capacity: NodeCapacity | undefined;
  link: LinkCapacity | undefined;
  /** Hears how many bytes of weights more the member has written. */
  onWritten: ((bytes: Bytes) => void) | undefined;
  private writtenBytes: Bytes = 0;
  private readonly parts: MemberParts;
  private questions: Question[] = [];

  constructor(address: RosterEntry, parts: MemberParts) {
    this.id = address.id;
    this.address = address;
    this.parts = parts;
  }

  /** Returns how many bytes that takes. */
  tell(message: ToWorker): Bytes {
    const frame = controlFrame(message);
    this.parts.peers.send(this.id, ...frame);
    return frameBytes(frame);
  }

  /** Resolves with the next answer of that type, and of that plan. */
  ask<Type extends ToRoot['type']>(message: ToWorker, type: Type): Promise<Answer<Type>> {
    const { recorder, now } = this.parts;
    const begun = now();
    let sentBytes = 0;
    const answer = this.hear(type, 'tag' in message ? message.tag : undefined, ANSWER_LIMIT_MS, (bytes) =>
      recorder.record('CONTROL', { peer: this.id, bytes: sentBytes + bytes, ms: now() - begun }),
    );
    sentBytes = this.tell(message);
    return answer;
  }

  expect<Type extends ToRoot['type']>(type: Type, tag?: number, limitMs = ANSWER_LIMIT_MS): Promise<Answer<Type>> {
    return this.hear(type, tag, limitMs, () => {});
  }

  private hear<Type extends ToRoot['type']>(
    type: Type,
    tag: number | undefined,
    limitMs: Milliseconds,
    onAnswer: (bytes: Bytes) => void,
  ): Promise<Answer<Type>> {
    return new Promise((resolve, reject) => {
      const callOff = Number.isFinite(limitMs)
        ? this.parts.after(limitMs, () => {
            this.questions = this.questions.filter((known) => known !== question);
            reject(new MemberFailedError(this.id, `it has not answered for ${limitMs / 1000} s`, undefined));
          })
        : () => {};
      const question: Question = {
        type,
        tag,
        resolve: (answer, bytes) => {
          callOff();
          onAnswer(bytes);
          resolve(answer as Answer<Type>);
        },
        reject: (error) => {
          callOff();
          reject(error);
        },
      };
      this.questions.push(question);
    });
  }

  /** It says how many bytes it has of those that it needs. */
  wrote(bytes: Bytes): void {
    if (bytes > this.writtenBytes) this.onWritten?.(bytes - this.writtenBytes);
    this.writtenBytes = bytes;
  }

  /** Goes to whoever has waited for it longest. */
  answered(answer: ToRoot, bytes: Bytes): void {
    const tag = 'tag' in answer ? answer.tag : undefined;
    const at = this.questions.findIndex((question) => question.type === answer.type && question.tag === tag);
    if (at >= 0) this.questions.splice(at, 1)[0].resolve(answer, bytes);
  }

  /** Nobody will be answered any more. */
  rejectAll(error: Error): void {
    for (const { reject } of this.questions.splice(0)) reject(error);
  }

  /** Times small and large frames there and back. */
  async measureLink(now: () => Milliseconds): Promise<void> {
    const time = async (characters: number): Promise<Milliseconds> => {
      const begun = now();
      await this.ask({ type: 'probe', filler: 'x'.repeat(characters) }, 'probed');
      return now() - begun;
    };
    const typical = async (characters: number, rounds: number): Promise<Milliseconds> => {
      const times: Milliseconds[] = [];
      while (times.length < rounds) times.push(await time(characters));
      return median(times);
    };
    const roundTripMs = await typical(0, 7);
    const extraMs = Math.max(0.01, (await typical(PROBE_CHARACTERS, 3)) - roundTripMs);
    this.link = { roundTripMs, bytesPerSecond: (PROBE_CHARACTERS / extraMs) * 1000 };
  }
}
