// The LayoutMemory on disk: a JSON file for each purpose and set of nodes, `<folder>/layouts/<name>.json`. What cannot be
// read is as good as nothing, and what cannot be written is done without.

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayoutMemory } from '../../shared/cluster/layout-memory.ts';
import type { Layout } from '../../shared/layout/layout.ts';
import { writeWhole } from './file-sink.ts';
import { forgetOldest } from './forget-oldest.ts';

const MAX_FILES = 64;

interface Saved {
  readonly purpose: string;
  readonly nodes: string;
  readonly layout: Layout;
}

/** `purpose`: whatever else decides what a layout is like: the model's file, options. */
export function diskLayoutMemory(folder: string, purpose: string): LayoutMemory {
  const layouts = join(folder, 'layouts');
  const pathOf = (nodes: string): string =>
    join(layouts, `${createHash('sha256').update(`${purpose}\n${nodes}`).digest('hex').slice(0, 32)}.json`);
  return {
    async recall(nodes) {
      try {
        const saved: Saved = JSON.parse(await readFile(pathOf(nodes), 'utf8'));
        return saved.purpose === purpose && saved.nodes === nodes ? saved.layout : undefined;
      } catch {
        return undefined;
      }
    },
    async keep(nodes, layout) {
      try {
        await mkdir(layouts, { recursive: true });
        await write(pathOf(nodes), { purpose, nodes, layout });
        await forgetOldest(layouts, MAX_FILES);
      } catch {
        // A full disk or a folder that may only be read: the next start may send weights again.
      }
    },
  };
}

const write = (path: string, saved: Saved): Promise<void> => writeWhole(path, Buffer.from(JSON.stringify(saved)));
