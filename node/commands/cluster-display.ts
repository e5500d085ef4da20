// What happens in a cluster, on standard error: lines that stay, and while weights are on their way a bar for each node
// that gets some. Bars are for terminals; they disappear in the end.

import type { ClusterEvent } from '../../shared/cluster/cluster.ts';
import type { Bytes, Milliseconds, PeerId } from '../../shared/units.ts';
import type { Output } from './command.ts';
import { writeRemark } from './output.ts';
import { barLine } from './progress-bar.ts';

const INTERVAL_MS: Milliseconds = 100;
/** More bars than this would scroll a small terminal. */
const MOST_BARS = 12;

interface Bar {
  readonly begun: Milliseconds;
  /** What the node had when it began. */
  readonly held: Bytes;
  total: Bytes;
  done: Bytes;
  /** Of `done`. */
  at: Milliseconds;
}

export class ClusterDisplay implements Disposable {
  /** Of the present plan, for the report. */
  layout: readonly string[] = [];
  private readonly notes: Output;
  private readonly now: () => Milliseconds;
  private readonly bars = new Map<PeerId, Bar>();
  private drawnLines = 0;
  private drawnAt: Milliseconds;

  constructor(notes: Output, now: () => Milliseconds = () => performance.now()) {
    this.notes = notes;
    this.now = now;
    this.drawnAt = now();
  }

  show(event: ClusterEvent): void {
    switch (event.type) {
      case 'joined':
        return this.say(`${event.id} joined`);
      case 'lost':
        this.bars.delete(event.id);
        return this.say(`${event.id} left: ${event.why}`);
      case 'planned':
        this.layout = event.lines;
        this.bars.clear();
        return this.say([...event.planned.reasons, ...event.lines].join('\n'));
      case 'rejected': {
        const [trial, alone] = [event.trialMs, event.aloneMs].map((ms) => ms.toFixed(1));
        return this.say(`Tried: ${trial} ms a token, where the root alone should need ${alone}; going on alone`);
      }
      case 'sending':
        return; // what the worker says that it has written, in `loading`, is nearer to the truth
      case 'loading':
        return this.count(event.id, event.done, event.total);
      case 'ready':
        return this.end();
    }
  }

  /** A line that stays. */
  say(line: string): void {
    this.clear();
    writeRemark(line, this.notes);
  }

  end(): void {
    this.bars.clear();
    this.clear();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  private count(id: PeerId, done: Bytes, total: Bytes): void {
    const now = this.now();
    const bar = this.bars.get(id);
    if (bar) Object.assign(bar, { done, total, at: now });
    else this.bars.set(id, { begun: now, held: done, done, total, at: now });
    if (now - this.drawnAt >= INTERVAL_MS) this.draw(now);
  }

  private draw(now: Milliseconds): void {
    const { notes } = this;
    const rows = [...this.bars].filter(([, { held, total }]) => total > held);
    if (!notes.isTerminal || rows.length === 0) return;
    this.drawnAt = now;
    const shown = rows.slice(0, MOST_BARS);
    const names = Math.max(...shown.map(([id]) => id.length));
    const counts = shown.map(([, bar]) => countsOf(bar));
    const width = Math.max(...counts.map((text) => text.length));
    const lines = shown.map(([id, { held, done, total }], i) =>
      barLine(
        id.padEnd(names),
        Math.min(1, (done - held) / (total - held)),
        counts[i].padStart(width),
        notes.columns - 1,
      ),
    );
    if (rows.length > shown.length) lines.push(`and ${rows.length - shown.length} more`);
    notes.write(`${this.toTop()}${lines.map((line) => `${line}\n`).join('')}`);
    this.drawnLines = lines.length;
  }

  private clear(): void {
    if (this.drawnLines > 0) this.notes.write(this.toTop());
    this.drawnLines = 0;
    this.drawnAt = this.now();
  }

  /** Back to the first bar, and nothing below. */
  private toTop(): string {
    return this.drawnLines > 0 ? `\x1b[${this.drawnLines}A\r\x1b[J` : '';
  }
}

/** "12 of 812 MB, 95.1 MB/s", of what it did not have. */
function countsOf({ begun, held, done, total, at }: Bar): string {
  const megabytes = (bytes: Bytes): string => Math.round(bytes / 1e6).toLocaleString('en-US');
  const rate = at > begun ? (done - held) / 1e3 / (at - begun) : 0;
  return `${megabytes(done - held)} of ${megabytes(total - held)} MB, ${rate.toFixed(1)} MB/s`;
}
