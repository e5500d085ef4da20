// Before all tests, so that those that run at the same time do not install the same thing.

import { chromiumPath } from './chromium.ts';

export default function setup(): void {
  chromiumPath();
}
