// Tells in plain words when a network is fast as a rule and very slow now and then, which a mean hides.

import type { Milliseconds } from '../units.ts';
import type { HistogramSnapshot } from './histogram.ts';
import type { NetworkSnapshot, OperationSnapshot } from './network.ts';
import { timesData } from './times-data.ts';

/** A stall is so much slower than what is usual, and by so much that one notices. */
const STALL_FACTOR = 5;
const STALL_MS: Milliseconds = 5;
/** With fewer, 1 of 20 has not happened. */
const LEAST_COUNT = 20;

const CAUSE = 'the network stalls now and then (Wi-Fi power saving, a busy switch, a VPN);';

/** Each with line breaks, so that a terminal has room for it. */
export function stallWarnings({ operations }: NetworkSnapshot): string[] {
  return [
    ...stallOf(operations.SYNC_NODE_SLICES, 'synchronisations', 'a cable or --layout pp helps'),
    ...stallOf(operations.SYNC_WITH_ROOT, 'exchanges with the root or between stages', 'a cable helps'),
  ];
}

function stallOf(operation: OperationSnapshot | undefined, what: string, remedy: string): string[] {
  if (!operation) return [];
  const { count, p50Ms, p95Ms } = timesData(usual(operation));
  if (count < LEAST_COUNT || p95Ms < STALL_FACTOR * p50Ms || p95Ms - p50Ms < STALL_MS) return [];
  return [
    `1 of 20 ${what} takes ${inWords(p95Ms)} or more where half take ${inWords(p50Ms)} or less:\n${CAUSE}\n${remedy}`,
  ];
}

/** The times of the most frequent size: a prompt's long vectors take longer than a token's, and that is no stall. */
function usual({ sizes }: OperationSnapshot): readonly HistogramSnapshot[] {
  const [most] = sizes.map(([, times]) => times).sort((a, b) => b.count - a.count);
  return most ? [most] : [];
}

const inWords = (ms: Milliseconds): string => `${ms < 10 ? Number(ms.toPrecision(2)) : ms.toFixed(0)} ms`;
