// That a link has closed and why: told once to everybody who asks, also to those who ask late.

import type { CloseHandler } from './link.ts';

export class CloseNotice {
  private reason: Error | undefined;
  private handlers: CloseHandler[] = [];

  get given(): boolean {
    return this.reason !== undefined;
  }

  add(handler: CloseHandler): void {
    if (this.reason) handler(this.reason);
    else this.handlers.push(handler);
  }

  /** The first reason counts. */
  give(reason: Error): void {
    if (this.reason) return;
    this.reason = reason;
    const handlers = this.handlers;
    this.handlers = [];
    for (const handler of handlers) handler(reason);
  }
}
