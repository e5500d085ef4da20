// What a node brings to a cluster, as ports: its clock and timers, its device, its memory, its disk. The entry point of a
// program chooses the implementations.

import type { Device } from '../device/device.ts';
import type { MeshCrypto } from '../mesh/crypto.ts';
import type { Timers } from '../mesh/timers.ts';
import type { Bytes } from '../units.ts';
import type { DeviceSpeed } from './measure-device.ts';
import type { ChunkStore } from './weights/chunk-store.ts';

export interface NodeHost extends Timers {
  readonly crypto: MeshCrypto;
  readonly device: Device;
  readonly threads: number;
  /** Where weights are kept that a root sent. */
  readonly store: ChunkStore;
  /** How fast the device is; asked for once, before anything is loaded. */
  measure(): Promise<DeviceSpeed>;
  /** How many bytes of weights a second it reads while other nodes are measured too. */
  measureReading(): Promise<number>;
  /** Memory that may be given to a model. */
  freeBytes(): Bytes;
  /** Memory that the process takes. */
  memoryBytes(): Bytes;
}
