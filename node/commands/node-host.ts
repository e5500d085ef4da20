// What this machine brings to a cluster, from its options.

import { availableParallelism, freemem, hostname } from 'node:os';
import type { NodeHost } from '../../shared/cluster/host.ts';
import { measureDevice, measureReading } from '../../shared/cluster/measure-device.ts';
import type { ChunkStore } from '../../shared/cluster/weights/chunk-store.ts';
import type { NodeMesh } from '../links/node-mesh.ts';
import type { Surroundings } from './command.ts';
import type { OptionValues } from './options.ts';

/** How much of the free memory a model may take: the rest is for the system and for what is not counted. */
const SHARE_OF_FREE = 0.9;

export const nodeName = (): string => process.env.SHOAL_NAME ?? hostname().split('.')[0];

export async function nodeHost(
  options: Pick<OptionValues, 'device' | 'nthreads' | 'max-memory'>,
  { timers, crypto }: Pick<NodeMesh, 'timers' | 'crypto'>,
  store: ChunkStore,
  { makeDevice }: Pick<Surroundings, 'makeDevice'>,
): Promise<NodeHost> {
  const threads = options.nthreads ?? availableParallelism();
  const given = options['max-memory'] === undefined ? Number.POSITIVE_INFINITY : options['max-memory'] * 1e9;
  const device = await makeDevice(options.device ?? 'cpu', threads);
  return {
    ...timers,
    crypto,
    device,
    measure: () => measureDevice(device, timers.now),
    measureReading: () => measureReading(device, timers.now),
    threads,
    store,
    freeBytes: () => Math.min(given, freeMemory() * SHARE_OF_FREE),
    memoryBytes: () => process.resourceUsage().maxRSS * 1024,
  };
}

/** Of the machine, or of the container that it is. */
function freeMemory(): number {
  const available = process.availableMemory();
  return available > 0 ? Math.min(available, freemem()) : freemem();
}
