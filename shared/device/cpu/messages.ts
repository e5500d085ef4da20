// What the device and its threads say to each other. Everything is structured-cloneable.

import type { Blame } from '../../errors.ts';
import type { TensorDirectory } from '../../model/tensors.ts';
import type { Program } from '../../program/program.ts';
import type { Bytes } from '../../units.ts';
import type { OpTiming } from '../device.ts';

export interface LoadMessage {
  readonly type: 'load';
  readonly kernels: WebAssembly.Module;
  readonly program: Program;
  readonly tensors: TensorDirectory;
  /** See ByteSource.location; undefined makes the thread ask for bytes by message. */
  readonly location: unknown;
  readonly sourceName: string;
  readonly sourceSize: Bytes;
  readonly thread: number;
  readonly threads: number;
  readonly spins: number;
  readonly wideTiles: boolean;
  readonly slots: number;
  readonly maxTokens: number;
  /** For the barrier and the gate. */
  readonly control: SharedArrayBuffer;
  /** Where threads exchange buffers: two halves, used in turn. */
  readonly board: SharedArrayBuffer;
  /** A segment's input, [maxTokens, width] f32. Apart from its output, since a thread may end before another begins. */
  readonly entrance: SharedArrayBuffer;
  /** A segment's output, likewise. */
  readonly exit: SharedArrayBuffer;
  /** The step that the gate's command speaks of, as words. */
  readonly step: SharedArrayBuffer;
  /** The thread's answer to a step: its length in words, then the words. */
  readonly answer: SharedArrayBuffer;
}

/** In place of the length of an answer that has no room in shared memory and comes as a message. */
export const BY_MESSAGE = -1;

export type ToThread =
  | LoadMessage
  | { readonly type: 'timings' }
  | { readonly type: 'bytes'; readonly request: number; readonly bytes: Uint8Array }
  | { readonly type: 'no-bytes'; readonly request: number; readonly failure: Failure };

export type FromThread =
  | { readonly type: 'progress'; readonly loaded: Bytes }
  | { readonly type: 'loaded' }
  | { readonly type: 'answer'; readonly words: Int32Array }
  | { readonly type: 'timings'; readonly timings: readonly OpTiming[] }
  | { readonly type: 'read'; readonly request: number; readonly offset: Bytes; readonly length: Bytes }
  | { readonly type: 'failed'; readonly failure: Failure; readonly consequence: boolean };

/** An error on its way between threads, which keep neither class nor identity. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly blame: Blame | undefined;
  readonly stack: string | undefined;
}

/** One end of the line between a device and one of its threads. */
export interface Port<Out, In> {
  post(message: Out): void;
  receive(handler: (message: In) => void): void;
}
