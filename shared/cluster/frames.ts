// The frames of a running plan, which are many and hot, as bytes: [kind, 0, 0, 0, tag (u32)] and what follows. All else
// is control: JSON. Whoever reads them checks lengths first.

import { FrameKind } from '../mesh/frames.ts';
import type { Milliseconds } from '../units.ts';

/** Bytes of kind and tag. */
export const HEAD_BYTES = 8;

export class MalformedFrameError extends Error {
  constructor(what: string) {
    super(`a frame that should be ${what} is none`);
    this.name = 'MalformedFrameError';
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

export function frameHead(kind: number, tag: number, more = 0): Bytes {
  const head = new Uint8Array(HEAD_BYTES + more);
  head[0] = kind;
  new DataView(head.buffer).setUint32(4, tag, true);
  return head;
}

const viewOf = (frame: Uint8Array, least: number, what: string): DataView => {
  if (frame.length < least) throw new MalformedFrameError(what);
  return new DataView(frame.buffer, frame.byteOffset, frame.length);
};

/** The plan that a frame belongs to. */
export const tagOf = (frame: Uint8Array): number => viewOf(frame, HEAD_BYTES, 'of a plan').getUint32(4, true);

/** A step for a rank: its words, and for the first stage the embeddings, encoded. */
export interface StepFrame {
  readonly tag: number;
  readonly words: Int32Array;
  readonly input: Uint8Array<ArrayBuffer>;
}

export function stepFrame(tag: number, words: Int32Array, input: Uint8Array): Uint8Array[] {
  const head = frameHead(FrameKind.step, tag, 4);
  new DataView(head.buffer).setUint32(HEAD_BYTES, words.length, true);
  return [head, new Uint8Array(words.buffer, words.byteOffset, words.byteLength), input];
}

export function readStepFrame(frame: Bytes): StepFrame {
  const start = HEAD_BYTES + 4;
  const view = viewOf(frame, start, 'a step');
  const end = start + view.getUint32(HEAD_BYTES, true) * 4;
  if (end > frame.length) throw new MalformedFrameError('a step');
  return {
    tag: tagOf(frame),
    words: new Int32Array(frame.slice(start, end).buffer),
    input: frame.subarray(end),
  };
}

/** What comes before activations and answers: how long those before and the sender have computed on the step. */
export function timedHead(kind: number, tag: number, computeMs: Milliseconds): Bytes {
  const head = frameHead(kind, tag, 4);
  new DataView(head.buffer).setFloat32(HEAD_BYTES, computeMs, true);
  return head;
}

/** The same for a message of a group, whose head others make. */
export function timedBody(computeMs: Milliseconds, bytes: Uint8Array): Bytes {
  const body = new Uint8Array(4 + bytes.length);
  new DataView(body.buffer).setFloat32(0, computeMs, true);
  body.set(bytes, 4);
  return body;
}

/** `body` as it comes from the mailbox or a frame: behind the tag. */
export function readTimed(body: Bytes): { computeMs: Milliseconds; bytes: Bytes } {
  return { computeMs: viewOf(body, 4, 'timed').getFloat32(0, true), bytes: body.subarray(4) };
}

export function chunkFrame(tag: number, index: number): Bytes {
  const head = frameHead(FrameKind.chunk, tag, 4);
  new DataView(head.buffer).setUint32(HEAD_BYTES, index, true);
  return head;
}

export function readChunkFrame(frame: Bytes): { tag: number; index: number; bytes: Bytes } {
  const view = viewOf(frame, HEAD_BYTES + 4, 'a chunk of weights');
  return { tag: tagOf(frame), index: view.getUint32(HEAD_BYTES, true), bytes: frame.subarray(HEAD_BYTES + 4) };
}
