// The part of the printed report that runs on several nodes have: layout, network, links, and the warnings at its end.

import type { Bytes, Milliseconds } from '../units.ts';
import { labelled, percent, table } from './columns.ts';
import { NETWORK_OPERATIONS, STEP_PHASES } from './network.ts';
import type { LinkData } from './network-links.ts';
import { type NetworkData, type NetworkFigures, networkData, type OperationData } from './report-network.ts';

export function networkLines(figures: NetworkFigures): string[] {
  const data = networkData(figures);
  const { layout } = figures;
  return [
    ...(layout.length > 0 ? ['Layout', ...layout.map((line) => `   ${line}`)] : []),
    ...operationLines(data),
    ...(data.links.length > 0 ? ['Links', ...linkLines(data.links)] : []),
    'Traffic',
    ...trafficLines(data),
    'Time per token',
    ...stepLines(data),
    ...data.warnings.flatMap((warning) => ['Warning', ...warning.split('\n').map((line) => `   ${line}`)]),
  ];
}

const megabytes = (bytes: Bytes): string => (bytes / 1e6).toFixed(2);
const perSecond = (bytes: number): string => (bytes / 1e6).toFixed(1);
const fixed = (ms: Milliseconds): string => ms.toFixed(2);

function operationLines({ operations, syncs }: NetworkData): string[] {
  const row = (name: string, { count, bytes, meanMs, p50Ms, p95Ms, p99Ms, maxMs }: OperationData): string[] => [
    name,
    String(count),
    megabytes(bytes),
    ...[meanMs, p50Ms, p95Ms, p99Ms, maxMs].map(fixed),
  ];
  const rows = NETWORK_OPERATIONS.flatMap((name) => {
    const operation = operations[name];
    const both = name === 'SYNC_WITH_ROOT' && operations.SYNC_NODE_SLICES;
    return [...(operation ? [row(name, operation)] : []), ...(operation && both ? [row('both SYNC', syncs)] : [])];
  });
  if (rows.length === 0) return [];
  return [
    'Network',
    ...table([['operation', 'count', 'MB in+out', 'mean ms', 'P50 ms', 'P95 ms', 'P99 ms', 'max ms'], ...rows]),
  ];
}

function linkLines(links: readonly LinkData[]): string[] {
  return table([
    ['link', 'sent MB', 'received MB', 'round trip ms', 'MB/s', 'mean wait ms'],
    ...links.map(({ nodes, sentBytes, receivedBytes, roundTripMs, bytesPerSecond, waits }) => [
      nodes.join(' to '),
      megabytes(sentBytes),
      megabytes(receivedBytes),
      roundTripMs === undefined ? '-' : fixed(roundTripMs),
      bytesPerSecond === undefined ? '-' : perSecond(bytesPerSecond),
      waits.count === 0 ? '-' : fixed(waits.meanMs),
    ]),
  ]);
}

function trafficLines({ nodes, bytes, bytesPerSecond, slowestLink }: NetworkData): string[] {
  return labelled([
    ['nodes', String(nodes)],
    ['network', `${megabytes(bytes)} MB, without weights`],
    ['average', `${perSecond(bytesPerSecond)} MB/s`],
    ...(slowestLink ? [['slowest link', slowness(slowestLink)] as const] : []),
  ]);
}

function slowness({ nodes, roundTripMs, waits }: LinkData): string {
  const name = nodes.join(' to ');
  if (waits.count === 0) return roundTripMs === undefined ? name : `${name}, round trip ${fixed(roundTripMs)} ms`;
  return `${name}, waits ${fixed(waits.meanMs)} ms on average, P95 ${fixed(waits.p95Ms)} ms`;
}

function stepLines({ steps }: NetworkData): string[] {
  return table([
    ['phase', 'tokens', 'compute ms', 'share', 'sync ms', 'share'],
    ...STEP_PHASES.map((phase) => {
      const { tokens, computeMsPerToken, computeShare, syncMsPerToken, syncShare } = steps[phase];
      return [
        phase,
        String(tokens),
        fixed(computeMsPerToken),
        percent(computeShare),
        fixed(syncMsPerToken),
        percent(syncShare),
      ];
    }),
  ]);
}
