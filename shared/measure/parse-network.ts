// Reads the snapshot that another node has sent: checks every part of it, so that what is added up and printed has the
// right form, is finite and bounded. Whether the figures are true it cannot know.

import { ShoalError } from '../errors.ts';
import type { PeerId } from '../units.ts';
import { bucketRange, type HistogramSnapshot } from './histogram.ts';
import {
  type LinkSnapshot,
  type LinkSpeed,
  NETWORK_OPERATIONS,
  type NetworkOperation,
  type NetworkSnapshot,
  type OperationSnapshot,
  type StepTimes,
} from './network.ts';

export class BadNetworkSnapshotError extends ShoalError {
  readonly blame = 'runtime';

  constructor(where: string, expected: string) {
    super(
      `Cannot read what a node has counted on its network: ${where} is not ${expected}; run the same version of Shoal on all nodes`,
    );
  }
}

/** A mesh has a link to each other node. */
const MAX_LINKS = 1024;
const MAX_NAME_LENGTH = 128;
/** 2⁴⁹ bytes are the last power of two that LARGEST lets pass. */
const MAX_SIZE = 49;
/** Thirty thousand years in ms, a petabyte in bytes: sums of many stay finite and exact enough. */
const LARGEST = 1e15;

export function parseNetworkSnapshot(value: unknown): NetworkSnapshot {
  const { operations, links, steps } = fields(value, 'the snapshot');
  const { evaluation, prediction } = fields(steps, 'steps');
  const parsed = list(links, 'links', MAX_LINKS).map(parseLink);
  if (new Set(parsed.map(({ peer }) => peer)).size < parsed.length) {
    throw new BadNetworkSnapshotError('links', 'a list with each peer once');
  }
  return {
    operations: parseOperations(operations),
    links: parsed,
    steps: { evaluation: parseSteps(evaluation, 'evaluation'), prediction: parseSteps(prediction, 'prediction') },
  };
}

function parseOperations(value: unknown): NetworkSnapshot['operations'] {
  const given = fields(value, 'operations');
  const parsed: Partial<Record<NetworkOperation, OperationSnapshot>> = {};
  for (const name of Object.keys(given)) {
    const known = NETWORK_OPERATIONS.find((operation) => operation === name);
    if (!known) throw new BadNetworkSnapshotError('an operation', `one of ${NETWORK_OPERATIONS.join(', ')}`);
    parsed[known] = parseOperation(given[name], known);
  }
  return parsed;
}

function parseOperation(value: unknown, name: NetworkOperation): OperationSnapshot {
  const { bytes, sizes, longest } = fields(value, name);
  const times = list(sizes, `sizes of ${name}`, MAX_SIZE + 1).map((entry) => {
    const [size, histogram] = pair(entry, `a size of ${name}`);
    return [whole(size, `a size of ${name}`, 0, MAX_SIZE), parseHistogram(histogram, `times of ${name}`)] as const;
  });
  if (new Set(times.map(([size]) => size)).size < times.length) {
    throw new BadNetworkSnapshotError(`sizes of ${name}`, 'a list with each size once');
  }
  return {
    bytes: amount(bytes, `bytes of ${name}`),
    sizes: times,
    ...(longest === undefined ? {} : { longest: parseLongest(longest, `longest of ${name}`) }),
  };
}

function parseLongest(value: unknown, where: string): NonNullable<OperationSnapshot['longest']> {
  const { peer, ms } = fields(value, where);
  return { peer: peerName(peer, where), ms: amount(ms, where) };
}

function parseLink(value: unknown): LinkSnapshot {
  const { peer, sentBytes, receivedBytes, waits, speed } = fields(value, 'a link');
  return {
    peer: peerName(peer, "a link's peer"),
    sentBytes: amount(sentBytes, 'sentBytes'),
    receivedBytes: amount(receivedBytes, 'receivedBytes'),
    waits: parseHistogram(waits, 'waits'),
    ...(speed === undefined ? {} : { speed: parseSpeed(speed) }),
  };
}

function parseSpeed(value: unknown): LinkSpeed {
  const { roundTripMs, bytesPerSecond } = fields(value, 'speed');
  return {
    roundTripMs: amount(roundTripMs, 'roundTripMs'),
    bytesPerSecond: amount(bytesPerSecond, 'bytesPerSecond'),
  };
}

function parseSteps(value: unknown, where: string): StepTimes {
  const { tokens, computeMs, syncMs } = fields(value, where);
  return {
    tokens: whole(tokens, `tokens of ${where}`, 0, LARGEST),
    computeMs: amount(computeMs, `computeMs of ${where}`),
    syncMs: amount(syncMs, `syncMs of ${where}`),
  };
}

function parseHistogram(value: unknown, where: string): HistogramSnapshot {
  const { count, sum, min, max, buckets } = fields(value, where);
  const { start, end } = bucketRange;
  const parsed = list(buckets, where, end - start).map((entry) => {
    const [bucket, times] = pair(entry, where);
    return [whole(bucket, where, start, end - 1), whole(times, where, 1, LARGEST)] as const;
  });
  const histogram = {
    count: whole(count, where, 0, LARGEST),
    sum: amount(sum, where),
    min: amount(min, where),
    max: amount(max, where),
    buckets: parsed,
  };
  if (new Set(parsed.map(([bucket]) => bucket)).size < parsed.length || histogram.min > histogram.max) {
    throw new BadNetworkSnapshotError(where, 'a histogram');
  }
  // A percentile walks the buckets until it has passed so many.
  if (parsed.reduce((total, [, times]) => total + times, 0) !== histogram.count) {
    throw new BadNetworkSnapshotError(where, 'a histogram with as many values as it says');
  }
  return histogram;
}

function fields(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadNetworkSnapshotError(where, 'an object');
  }
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, where: string, maxLength: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= maxLength) return value;
  throw new BadNetworkSnapshotError(where, `a list of at most ${maxLength}`);
}

function pair(value: unknown, where: string): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new BadNetworkSnapshotError(where, 'a pair');
}

function amount(value: unknown, where: string): number {
  if (typeof value === 'number' && value >= 0 && value <= LARGEST) return value;
  throw new BadNetworkSnapshotError(where, `a number from 0 to ${LARGEST}`);
}

function whole(value: unknown, where: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadNetworkSnapshotError(where, `a whole number from ${least} to ${most}`);
}

function peerName(value: unknown, where: string): PeerId {
  // Names reach terminals, which obey control characters.
  if (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_NAME_LENGTH &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)
  )
    return value;
  throw new BadNetworkSnapshotError(where, `a name of 1 to ${MAX_NAME_LENGTH} characters`);
}
