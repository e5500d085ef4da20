// What the server counts, for Prometheus.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStatus } from '../../shared/engine/engine.ts';
import type { GenerationSummary } from '../../shared/engine/generation.ts';

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export class ServerMetrics {
  private readonly registry = new Registry();
  private readonly requests: Counter<'route' | 'status'>;
  private readonly tokens: Counter<'kind'>;
  private readonly firstToken: Histogram;
  private readonly perToken: Histogram;
  private readonly queued: Histogram;

  constructor(status: () => EngineStatus) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Counter({
      name: 'shoal_http_requests_total',
      help: 'Requests by route and status.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.tokens = new Counter({
      name: 'shoal_tokens_total',
      help: 'Tokens: of prompts, of those the ones found in the cache, and generated.',
      labelNames: ['kind'],
      registers,
    });
    const seconds = (name: string, help: string, buckets: number[]): Histogram =>
      new Histogram({ name, help, buckets, registers });
    this.firstToken = seconds('shoal_time_to_first_token_seconds', 'From the request to its first token.', SECONDS);
    this.perToken = seconds(
      'shoal_time_per_output_token_seconds',
      'Each token after the first, a mean for each request.',
      SECONDS.map((bucket) => bucket / 10),
    );
    this.queued = seconds('shoal_queue_seconds', 'From the request until it got a slot.', SECONDS);
    const gauge = (name: string, help: string, value: (status: EngineStatus) => number): void => {
      new Gauge({
        ...{ name, help, registers },
        collect() {
          this.set(value(status()));
        },
      });
    };
    gauge('shoal_requests_running', 'Requests that have a slot.', ({ running }) => running);
    gauge('shoal_requests_waiting', 'Requests that wait for a slot.', ({ waiting }) => waiting);
    gauge('shoal_slots', 'Requests that can run at a time.', ({ slots }) => slots);
  }

  answered(route: string, status: number): void {
    this.requests.inc({ route, status: String(status) });
  }

  generated({ metrics, reusedTokens, queuedMs }: GenerationSummary): void {
    this.tokens.inc({ kind: 'prompt' }, metrics.InputTokens);
    this.tokens.inc({ kind: 'cached' }, reusedTokens);
    this.tokens.inc({ kind: 'generated' }, metrics.OutputTokens);
    if (metrics.TTFT_S !== undefined) this.firstToken.observe(metrics.TTFT_S);
    if (metrics.TPOT_MS !== undefined) this.perToken.observe(metrics.TPOT_MS / 1000);
    this.queued.observe(queuedMs / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
