// Remembers which layout the same nodes had the last time, so that the next start can have the same, whose weights they
// keep. To forget is no failure: it costs sending.

import type { Layout } from '../layout/layout.ts';

export interface LayoutMemory {
  /** `nodes` names them all, and where they are. */
  recall(nodes: string): Promise<Layout | undefined>;
  keep(nodes: string, layout: Layout): Promise<void>;
}
