// The implementations that run on Node, chosen once for every thread of the program.

import { fileURLToPath } from 'node:url';
import type { Surroundings } from './commands/command.ts';
import { openFileSource } from './storage/file-source.ts';

const demoFile = (name: string): string => fileURLToPath(new URL(`../demo/${name}`, import.meta.url));

export const PARTS: Pick<Surroundings, 'makeDevice' | 'openFile' | 'mesh' | 'demo'> = {
  // Loaded when needed: help and inspect do without.
  async makeDevice(name, threads) {
    if (name === 'reference') {
      const { referenceDevice } = await import('../shared/device/reference/reference-device.ts');
      return referenceDevice(() => performance.now());
    }
    const { nodeCpuDevice } = await import('./devices/cpu-host.ts');
    return nodeCpuDevice(threads);
  },
  openFile: openFileSource,
  mesh: async () => (await import('./links/node-mesh.ts')).nodeMesh,
  demo: { model: demoFile('shoal-demo.m'), tokenizer: demoFile('shoal-demo.t') },
};
