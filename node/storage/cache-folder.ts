// Where Shoal keeps what it can make or get again: the user's cache folder, as desktops and shells agree on it.

import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/shoal`, else `~/.cache/shoal`; node/shoal.js keeps compiled sources in the same. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shoal');
