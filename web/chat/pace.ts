// How fast an answer came: time to the first token and tokens a second after it. Is told when things happened, has no
// clock of its own.

export class Pace {
  private readonly startMs: number;
  private firstMs: number | undefined;
  private lastMs = 0;
  private pieces = 0;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** A piece of text or thought came. */
  piece(nowMs: number): void {
    this.firstMs ??= nowMs;
    this.lastMs = nowMs;
    this.pieces++;
  }

  /**
   * `tokens`: as the server counted them; undefined where it did not, then every piece counts as one. The rate leaves the
   * first token out, which had to wait for the prompt; with fewer than two there is none.
   */
  result(tokens: number | undefined): { firstTokenMs?: number; tokensPerSecond?: number } {
    if (this.firstMs === undefined) return {};
    const later = (tokens ?? this.pieces) - 1;
    const spentMs = this.lastMs - this.firstMs;
    return {
      firstTokenMs: this.firstMs - this.startMs,
      ...(later > 0 && spentMs > 0 ? { tokensPerSecond: (later * 1000) / spentMs } : {}),
    };
  }
}
