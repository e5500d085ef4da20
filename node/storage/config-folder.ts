// Where what a user must not lose is kept: keys. Unlike the cache, it cannot be made again.

import { homedir } from 'node:os';
import { join } from 'node:path';

export const configFolder = (): string => join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'shoal');
