// What the device and its threads say to each other. Everything is structured-cloneable.

import type { Blame } from '../../errors.ts';
import type { TensorDirectory } from '../../model/tensors.ts';
import type { Program } from '../../program/program.ts';
import type { Bytes } from '../../units.ts';
import type { Candidates, OpTiming, Step } from '../device.ts';

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
  /** For the barrier. */
  readonly control: SharedArrayBuffer;
  /** Where threads exchange buffers: two halves, used in turn. */
  readonly board: SharedArrayBuffer;
  /** A segment's input, [maxTokens, width] f32. Apart from its output, since a thread may end before another begins. */
  readonly entrance: SharedArrayBuffer;
  /** A segment's output, likewise. */
  readonly exit: SharedArrayBuffer;
}

export interface RunMessage {
  readonly type: 'run';
  readonly step: Step;
  /** The same for all segments of a step. */
  readonly stepNumber: number;
  readonly segment: number;
}

export type ToThread =
  | LoadMessage
  | RunMessage
  | { readonly type: 'timings' }
  | { readonly type: 'bytes'; readonly request: number; readonly bytes: Uint8Array }
  | { readonly type: 'no-bytes'; readonly request: number; readonly failure: Failure };

export type FromThread =
  | { readonly type: 'progress'; readonly loaded: Bytes }
  | { readonly type: 'loaded' }
  | { readonly type: 'done'; readonly candidates: readonly Candidates[] }
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
