// Keeps a folder of remembered things from growing for ever.

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Leaves the `most` files that were written last. */
export async function forgetOldest(folder: string, most: number): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= most) return;
  const ages = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  ages.sort((a, b) => b.at - a.at);
  for (const { name } of ages.slice(most)) await rm(join(folder, name), { force: true });
}
