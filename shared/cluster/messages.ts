// What root and workers tell each other besides the frames of a running plan: JSON, in control frames. The root asks, one
// thing at a time, and the worker answers with the message of the name that the question gives.

import type { Algorithm } from '../collective/all-reduce.ts';
import type { AlgorithmCost, Rounds, Timings } from '../collective/choice.ts';
import type { Layout, SyncType } from '../layout/layout.ts';
import type { NetworkSnapshot } from '../measure/network.ts';
import { FrameKind } from '../mesh/frames.ts';
import type { ModelHeader } from '../model/header.ts';
import { decodeUtf8, encodeUtf8 } from '../model/utf8.ts';
import type { Bytes, Milliseconds, PeerId } from '../units.ts';

/** Of the root, everywhere. */
export const ROOT_ID: PeerId = 'root';

/** A node as others reach it; the root has no address, since it has links to all. */
export interface RosterEntry {
  readonly id: PeerId;
  readonly host: string;
  readonly port: number;
}

export type ToWorker =
  /** → capacity */
  | { readonly type: 'measure' }
  /** The others do it at the same time. → reading */
  | { readonly type: 'measure-together' }
  /** → probed. Carries some bytes, to time them. */
  | { readonly type: 'probe'; readonly filler: string }
  /** Have links to all of the roster: dial those before you, expect those behind you. → meshed */
  | { readonly type: 'mesh'; readonly cluster: string; readonly you: PeerId; readonly roster: readonly RosterEntry[] }
  /** How far are the others? → distances */
  | { readonly type: 'distances' }
  /** Time all-reduces with these. → timings */
  | {
      readonly type: 'tune';
      readonly tag: number;
      readonly ids: readonly PeerId[];
      readonly length: number;
      readonly algorithms: readonly Algorithm[];
      readonly rounds: Rounds;
      readonly syncType: SyncType;
    }
  /** Take your place in the layout. → missing, then chunks, then → loaded */
  | PlanMessage
  /** The plan of that tag is over. */
  | { readonly type: 'abort'; readonly tag: number; readonly why: string }
  /** You have no part in the present plan, but may have one in the next. */
  | { readonly type: 'spare' }
  /** What are you doing? → status */
  | { readonly type: 'status' }
  /** What have you counted since the last time? → report */
  | { readonly type: 'report' };

export interface PlanMessage {
  readonly type: 'plan';
  readonly tag: number;
  /** For people. */
  readonly model: string;
  readonly header: ModelHeader;
  readonly layout: Layout;
  readonly syncType: SyncType;
  readonly slots: number;
  readonly maxTokens: number;
  readonly costs: readonly AlgorithmCost[];
  /** SHA-256 of each chunk of the worker's weights, in hexadecimal. */
  readonly hashes: readonly string[];
}

export type ToRoot =
  | {
      readonly type: 'capacity';
      readonly bytesPerSecond: number;
      readonly macsPerSecond: number;
      readonly freeBytes: Bytes;
    }
  | { readonly type: 'reading'; readonly bytesPerSecond: number }
  | { readonly type: 'probed' }
  | { readonly type: 'meshed'; readonly unreachable: readonly { readonly id: PeerId; readonly why: string }[] }
  | { readonly type: 'distances'; readonly roundTrips: readonly { readonly id: PeerId; readonly ms: Milliseconds }[] }
  | { readonly type: 'timings'; readonly tag: number; readonly timings: Timings }
  | { readonly type: 'missing'; readonly tag: number; readonly chunks: readonly number[] }
  | { readonly type: 'loading'; readonly tag: number; readonly done: Bytes; readonly total: Bytes }
  | { readonly type: 'loaded'; readonly tag: number }
  | { readonly type: 'status'; readonly busy: 'idle' | 'computing' | 'waiting' }
  | { readonly type: 'report'; readonly snapshot: NetworkSnapshot; readonly memoryBytes: Bytes }
  /** `peer`: whose link broke, if that was it. */
  | {
      readonly type: 'failed';
      readonly tag: number;
      readonly message: string;
      readonly peer?: PeerId;
    };

export type Answer<Type extends ToRoot['type']> = Extract<ToRoot, { type: Type }>;

/** How long an answer may take; heartbeats tell of dead peers, so these only end misunderstandings. */
export const ANSWER_LIMIT_MS: Milliseconds = 120_000;

export function controlFrame(message: ToWorker | ToRoot): Uint8Array[] {
  return [Uint8Array.of(FrameKind.control), encodeUtf8(JSON.stringify(message))];
}

/** Throws a SyntaxError or TypeError for what is no message; what it says is checked where it is used. */
export function readControl<Message extends ToWorker | ToRoot>(frame: Uint8Array): Message {
  const message = JSON.parse(decodeUtf8(frame.subarray(1)) ?? '') as Message;
  if (typeof message !== 'object' || message === null || typeof message.type !== 'string') {
    throw new TypeError('a control frame holds no message');
  }
  return message;
}
