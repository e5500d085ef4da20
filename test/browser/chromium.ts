// A Chromium for tests: the one that is there, or else one that is installed now, since nobody should have to know that
// tests need it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const found = (): string | undefined =>
  [process.env.CHROMIUM, chromium.executablePath(), ...PLACES].find((path) => path && existsSync(path));

/** By Debian's packages where that is possible, else by Playwright's own download. */
function install(): void {
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  };
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    run('apt-get', 'update', '-qq');
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium');
  } else {
    run(process.execPath, 'node_modules/playwright/cli.js', 'install', 'chromium');
  }
}

/** The path of a Chromium. Installs one if there is none. */
export function chromiumPath(): string {
  if (!found()) install();
  const path = found();
  if (!path)
    throw new Error('There is no Chromium and none could be installed; install one, or set $CHROMIUM to its path');
  return path;
}

/** What keeps it from calling home, and lets it run as root in a container. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });
