import { describe, expect, test } from 'vitest';
import { NetworkRecorder } from './network.ts';
import { formatReport, type InferenceFigures, reportData } from './report.ts';
import type { NetworkFigures } from './report-network.ts';

const one: InferenceFigures = {
  batchTokens: 32,
  evaluation: { tokens: 6, ms: 1200 },
  prediction: { tokens: 122, ms: 24_400 },
  metrics: { InputTokens: 6, OutputTokens: 122, TokensPerSecond: 4.77, TPOT_MS: 200, TTFT_S: 1.2, RCT_S: 25.6 },
  memory: [],
};

/** Three nodes, 40 all-reduces a token of the prediction, each stalledMs of 10 stalls; all-reduces of a prompt are long. */
function network(stalledMs: number): NetworkFigures {
  const names = ['root', 'pi-2', 'kitchen-laptop'];
  const byNode = names.map((node, i) => {
    const recorder = new NetworkRecorder();
    for (let n = 0; n < 40; n++) recorder.record('SYNC_NODE_SLICES', { bytes: 452_608, ms: 40 + i });
    for (let n = 0; n < 4880; n++) recorder.record('SYNC_NODE_SLICES', { bytes: 14_144, ms: n % 10 ? 3.9 : stalledMs });
    for (const [j, peer] of names.entries()) {
      if (i === j) continue;
      recorder.recordLink(peer, { sentBytes: 40 * 113_152, receivedBytes: 40 * 113_152 });
      for (let n = 0; n < 4880; n++) {
        recorder.recordLink(peer, { sentBytes: 3536, receivedBytes: 3536, waitMs: j === 2 ? 5.5 : 2.5 });
      }
    }
    return { node, recorder };
  });
  const root = byNode[0].recorder;
  for (const [i, peer] of names.slice(1).entries()) {
    root.record('WEIGHTS', { peer, bytes: 1.2e9, ms: 61_000 + 20_000 * i });
    root.setLink(peer, { roundTripMs: 0.8 + i, bytesPerSecond: 1.1e8 / (i + 1) });
  }
  for (let n = 0; n < 123; n++) root.record('SYNC_WITH_ROOT', { bytes: 12_000, ms: 1.25 });
  root.recordStep({ phase: 'evaluation', tokens: 6, computeMs: 960, syncMs: 240 });
  root.recordStep({ phase: 'prediction', tokens: 122, computeMs: 14_640, syncMs: 9760 });
  return {
    nodes: 3,
    layout: ['stage 1: layers 0 to 21', '  root            14 of 32 heads', '  pi-2             9 of 32 heads'],
    byNode: byNode.map(({ node, recorder }) => ({ node, snapshot: recorder.snapshot() })),
    wallMs: 25_600,
  };
}

const printed = (figures: NetworkFigures): string => formatReport({ ...one, network: figures });

describe('formatReport of several nodes', () => {
  test('leaves the blocks of one node as they are', () => {
    expect(printed(network(36)).startsWith(`${formatReport(one)}\nLayout\n`)).toBe(true);
    expect(printed({ ...network(36), layout: [] }).startsWith(`${formatReport(one)}\nNetwork\n`)).toBe(true);
  });

  test('shows layout, network, links, and where the time went', () => {
    const text = printed(network(36));
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(text.slice(formatReport(one).length + 1)).toMatchInlineSnapshot(`
      "Layout
         stage 1: layers 0 to 21
           root            14 of 32 heads
           pi-2             9 of 32 heads
      Network
         operation         count  MB in+out   mean ms    P50 ms    P95 ms    P99 ms    max ms
         SYNC_NODE_SLICES  14760     261.38      7.39      3.92     36.05     36.05     42.00
         SYNC_WITH_ROOT      123       1.48      1.25      1.25      1.25      1.25      1.25
         both SYNC         14883     262.86      7.33      3.92     36.05     36.05     42.00
         WEIGHTS               2    2400.00  71000.00  61000.00  81000.00  81000.00  81000.00
      Links
         link                    sent MB  received MB  round trip ms   MB/s  mean wait ms
         root to kitchen-laptop    21.78        21.78           1.80   55.0          4.00
         pi-2 to kitchen-laptop    21.78        21.78              -      -          4.00
         root to pi-2              21.78        21.78           0.80  110.0          2.50
      Traffic
                nodes: 3
              network: 130.69 MB, without weights
              average: 5.1 MB/s
         slowest link: root to kitchen-laptop, waits 4.00 ms on average, P95 5.50 ms
      Time per token
         phase       tokens  compute ms   share  sync ms   share
         evaluation       6      160.00  80.0 %    40.00  20.0 %
         prediction     122      120.00  60.0 %    80.00  40.0 %
      Warning
         1 of 20 synchronisations takes 36 ms or more where half take 3.9 ms or less:
         the network stalls now and then (Wi-Fi power saving, a busy switch, a VPN);
         a cable or --layout pp helps"
    `);
  });

  test('prints figures that are not there', () => {
    const nothing = new NetworkRecorder().snapshot();
    const recorder = new NetworkRecorder();
    recorder.recordLink('gone', { sentBytes: 1e6 });
    const few = { nodes: 2, layout: [], byNode: [{ node: 'root', snapshot: recorder.snapshot() }], wallMs: 0 };
    expect(printed(few).split('Links\n')[1]).toMatchInlineSnapshot(`
      "   link          sent MB  received MB  round trip ms  MB/s  mean wait ms
         root to gone     1.00         0.00              -     -             -
      Traffic
           nodes: 2
         network: 1.00 MB, without weights
         average: 0.0 MB/s
      Time per token
         phase       tokens  compute ms  share  sync ms  share
         evaluation       0        0.00  0.0 %     0.00  0.0 %
         prediction       0        0.00  0.0 %     0.00  0.0 %"
    `);
    const text = printed({ nodes: 2, layout: [], byNode: [{ node: 'root', snapshot: nothing }], wallMs: 0 });
    expect(text).not.toMatch(/NaN|undefined|Infinity|Links/);
  });
});

describe('a warning', () => {
  const warnings = (figures: NetworkFigures) => reportData({ ...one, network: figures }).network!.warnings;

  test('tells of stalls', () => {
    expect(warnings(network(36))).toHaveLength(1);
    expect(warnings(network(20))[0]).toContain('takes 20 ms or more where half take 3.9 ms or less');
  });

  test('does not tell of a network that is slow at all times, or hardly slower at some, or of long prompts', () => {
    expect(warnings(network(19))).toEqual([]);
    const recorder = new NetworkRecorder();
    for (let n = 0; n < 900; n++) recorder.record('SYNC_NODE_SLICES', { bytes: 7072, ms: n % 10 ? 0.1 : 5 });
    for (let n = 0; n < 300; n++) recorder.record('SYNC_NODE_SLICES', { bytes: 226_304, ms: 120 });
    for (let n = 0; n < 19; n++) recorder.record('SYNC_WITH_ROOT', { bytes: 12_000, ms: n ? 1 : 900 });
    const byNode = [{ node: 'root', snapshot: recorder.snapshot() }];
    expect(warnings({ nodes: 2, layout: [], byNode, wallMs: 1 })).toEqual([]);
  });
});

describe('reportData of several nodes', () => {
  const figures = network(36);
  const { layout, network: data } = reportData({ ...one, network: figures });

  test('has the same figures, of all nodes together and of each', () => {
    expect(layout).toBe(figures.layout);
    expect(data!.nodes).toBe(3);
    expect(data!.operations.SYNC_NODE_SLICES).toMatchObject({ count: 3 * 4920, minMs: 3.9, maxMs: 42 });
    expect(data!.operations.SYNC_NODE_SLICES!.p99Ms).toBeCloseTo(36, 0);
    expect(data!.operations.WEIGHTS).toMatchObject({ longestWith: 'kitchen-laptop', maxMs: 81_000 });
    expect(data!.syncs.count).toBe(3 * 4920 + 123);
    expect(data!.steps.prediction).toMatchObject({ computeMsPerToken: 120, syncMsPerToken: 80, syncShare: 0.4 });
    expect(data!.byNode.map(({ node, operations }) => [node, operations.SYNC_NODE_SLICES?.maxMs])).toEqual([
      ['root', 40],
      ['pi-2', 41],
      ['kitchen-laptop', 42],
    ]);
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  });

  test('counts the bytes of a link once, and falls back on operations', () => {
    const perDirection = 4880 * 3536 + 40 * 113_152;
    expect(data!.bytes).toBe(6 * perDirection);
    expect(data!.bytesPerSecond).toBeCloseTo((6 * perDirection) / 25.6, 6);
    expect(data!.links).toHaveLength(3);
    expect(data!.slowestLink?.nodes).toEqual(['root', 'kitchen-laptop']);
    const recorder = new NetworkRecorder();
    recorder.record('SYNC_NODE_SLICES', { bytes: 100, ms: 1 });
    recorder.record('WEIGHTS', { bytes: 1e9, ms: 1 });
    const byNode = ['root', 'pi-1'].map((node) => ({ node, snapshot: recorder.snapshot() }));
    expect(reportData({ ...one, network: { ...figures, byNode } }).network!.bytes).toBe(100);
  });
});
