// A line under the header that says when the server is not ready: loading, or gone, and what happens then.

import { css, html, LitElement, nothing } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import type { Health } from '../server/health.ts';
import type { Chat } from './chat.ts';

export class ServerLine extends LitElement {
  static override styles = [
    baseStyles,
    css`
      .line {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        max-width: var(--measure);
        margin: 0 auto;
        padding: 0.5rem 0.5rem 0.5rem 1rem;
        border-radius: var(--radius);
        background: var(--tint);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
      }
      :host {
        display: block;
        padding: 0 1.5rem;
      }
      .gone {
        background: var(--bad-tint);
      }
      span {
        flex: 1;
      }
      .button {
        min-height: 2rem;
        background: none;
        border-color: var(--line-strong);
      }
      .loading {
        padding: 0.75rem 1rem;
      }
      progress {
        width: 100%;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        overflow: hidden;
        appearance: none;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      @media (max-width: 52rem) {
        :host {
          padding: 0 0.75rem;
        }
      }
    `,
  ];
  static override properties = { chat: { attribute: false }, health: { attribute: false }, now: { state: true } };

  declare chat: Chat;
  declare health: Health;
  declare now: number;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.health = { kind: 'asking' };
    this.now = Date.now();
  }

  override render() {
    return html`<div role="status">${this.line()}</div>`;
  }

  override willUpdate(): void {
    if (this.health.kind === 'gone') {
      this.ticking ??= setInterval(() => {
        this.now = Date.now();
      }, 1000);
    } else {
      clearInterval(this.ticking);
      this.ticking = undefined;
    }
  }

  private line() {
    const { health } = this;
    if (health.kind === 'loading') return this.loading(health.model, health.progress);
    if (health.kind !== 'gone') return nothing;
    const seconds = Math.ceil((health.again - this.now) / 1000);
    // Numbers that count down are for the eye only.
    return html`
      <div class="line gone">
        <span>The server cannot be reached.
          <span aria-hidden="true">${seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span></span>
        <button class="button" @click=${() => this.chat.checkHealth()}>Try now</button>
      </div>`;
  }

  private loading(model: string, progress: number | undefined) {
    const share = progress === undefined ? '' : `${Math.floor(progress * 100)} %`;
    return html`
      <div class="line loading">
        <span>Loading ${model === '' ? 'the model' : model}…</span>
        <b aria-hidden="true">${share}</b>
        <progress aria-label="Loading the model" max="1" value=${progress ?? nothing}></progress>
      </div>`;
  }
}

customElements.define('server-line', ServerLine);
