// A dialog over the page, with a heading and a way out. The browser keeps the focus in it, and gives it back afterwards.
// `open` is the owner's; when the reader closes it, it sends 'close' and waits to be told.

import { css, html, LitElement } from 'lit';
import { baseStyles } from './base-styles.ts';
import { icon } from './icons.ts';

export class ShoalModal extends LitElement {
  static override styles = [
    baseStyles,
    css`
      dialog {
        width: min(calc(100vw - 2rem), 34rem);
        max-height: calc(100dvh - 2rem);
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 18px;
        background: var(--raised);
        color: var(--ink);
        box-shadow: var(--shadow);
        overflow: hidden;
      }
      dialog[open] {
        display: flex;
        flex-direction: column;
      }
      dialog::backdrop {
        background: var(--scrim);
      }
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 1rem;
        padding: 1rem 0.75rem 0.25rem 1.5rem;
      }
      h2 {
        margin: 0;
        font: 500 1.25rem / 1.3 var(--serif);
        font-size-adjust: inherit;
      }
      h2:focus-visible {
        outline: 0;
      }
      .content {
        padding: 0.5rem 1.5rem 1.5rem;
        overflow: auto;
        overscroll-behavior: contain;
      }
      @media (max-width: 34rem) {
        dialog {
          width: 100%;
          max-width: 100%;
          max-height: calc(100dvh - 3rem - env(safe-area-inset-top));
          margin-bottom: 0;
          border-width: 1px 0 0;
          border-radius: 18px 18px 0 0;
        }
        .content {
          padding: 0.5rem 1.25rem calc(1.25rem + env(safe-area-inset-bottom));
        }
        .head {
          padding-left: 1.25rem;
        }
      }
    `,
  ];
  static override properties = { open: { type: Boolean }, heading: {} };

  declare open: boolean;
  declare heading: string;

  constructor() {
    super();
    this.open = false;
    this.heading = '';
  }

  override render() {
    return html`
      <dialog aria-labelledby="heading" @cancel=${this.cancelled} @close=${this.closed} @mousedown=${this.pressed}>
        <div class="head">
          <h2 id="heading" tabindex="-1">${this.heading}</h2>
          <button class="icon-button" aria-label="Close" @click=${this.ask}>${icon('close')}</button>
        </div>
        <div class="content"><slot></slot></div>
      </dialog>`;
  }

  override updated(): void {
    const dialog = this.renderRoot.querySelector('dialog')!;
    if (this.open && !dialog.open) {
      dialog.showModal();
      const first = this.querySelector<HTMLElement>('[autofocus]') ?? this.renderRoot.querySelector('h2')!;
      first.focus();
    }
    if (!this.open && dialog.open) dialog.close();
  }

  private ask(): void {
    this.dispatchEvent(new Event('close', { bubbles: true, composed: true }));
  }

  private cancelled(event: Event): void {
    event.preventDefault();
    this.ask();
  }

  /** Some browsers close it at the second Escape, whatever was answered to the first. */
  private closed(): void {
    if (this.open) this.ask();
  }

  /** Only the shade around it: what is inside has an element of its own under the pointer. */
  private pressed(event: MouseEvent): void {
    if (event.composedPath()[0] instanceof HTMLDialogElement) this.ask();
  }
}

customElements.define('shoal-modal', ShoalModal);
