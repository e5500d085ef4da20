// How to open this page on another device: a picture for its camera, the addresses, and how it learns to trust them.

import { css, html, LitElement, nothing } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import type { Server } from '../server/server.ts';
import type { Authority, Share } from '../server/share.ts';
import '../components/copy-button.ts';
import '../components/modal.ts';

export class ShareDialog extends LitElement {
  static override styles = [
    baseStyles,
    css`
      p {
        margin: 0 0 1rem;
        color: var(--quiet);
      }
      .qr {
        display: block;
        width: 13rem;
        height: 13rem;
        margin: 0.25rem auto 1rem;
        padding: 0.75rem;
        border-radius: var(--radius);
        /* Cameras read dark on white only. */
        background: #fff;
        image-rendering: pixelated;
      }
      .addresses {
        margin: 0 0 1.25rem;
        padding: 0;
        list-style: none;
      }
      .addresses li {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding-left: 0.875rem;
        border: 1px solid var(--line);
        border-radius: 10px;
        overflow-wrap: anywhere;
      }
      .addresses li + li {
        margin-top: 0.375rem;
      }
      h3 {
        margin: 0 0 0.25rem;
        font-size: 0.9375rem;
      }
      details {
        border-top: 1px solid var(--line);
      }
      summary {
        padding: 0.75rem 0;
        cursor: pointer;
        font-weight: 500;
      }
      ol {
        margin: 0 0 1rem;
        padding-left: 1.25rem;
      }
      li + li {
        margin-top: 0.25rem;
      }
      .fingerprint {
        margin: 1rem 0;
        overflow-wrap: anywhere;
      }
      code {
        padding: 0.125rem 0.375rem;
        border-radius: 5px;
        background: var(--tint);
        font: 0.875em var(--mono);
        color: var(--ink);
      }
    `,
  ];
  static override properties = {
    server: { attribute: false },
    open: { type: Boolean },
    share: { state: true },
    picture: { state: true },
    problem: { state: true },
  };

  declare server: Server;
  declare open: boolean;
  declare share: Share | undefined;
  /** The address of the picture within this page. */
  declare picture: string | undefined;
  declare problem: string | undefined;

  constructor() {
    super();
    this.open = false;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('open') && this.open) void this.ask();
  }

  override render() {
    return html`
      <shoal-modal heading="Open on a phone" ?open=${this.open}>${this.open ? this.content() : nothing}</shoal-modal>`;
  }

  private content() {
    const { share, picture } = this;
    if (this.problem !== undefined) return html`<p role="alert">${this.problem}</p>`;
    if (!share) return html`<p role="status">Asking the server…</p>`;
    if (share.urls.length === 0) {
      return html`<p>Other devices cannot reach this server yet. Start it with <code>--lan</code>, and this shows the way.</p>`;
    }
    return html`
      <p>Point a phone’s camera here. It must be in the same network.</p>
      ${picture === undefined ? nothing : html`<img class="qr" src=${picture} alt="QR code of ${share.urls[0]}" />`}
      <ul class="addresses">
        ${share.urls.map((url) => html`<li><a href=${url}>${url}</a><copy-button label="Copy the address" .text=${url}></copy-button></li>`)}
      </ul>
      ${share.authority ? this.authority(share.authority) : nothing}`;
  }

  private authority({ fingerprint, systems }: Authority) {
    return html`
      <h3>The phone warns of the certificate?</h3>
      <p>This server made its own. Let the phone trust it once:</p>
      ${systems.map(
        ({ system, file, steps }) => html`
          <details>
            <summary>${system}</summary>
            ${file === undefined ? nothing : html`<p><a href=${file} download>Download ${file.slice(1)}</a></p>`}
            <ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>
          </details>`,
      )}
      ${fingerprint === undefined ? nothing : html`<p class="fingerprint">Its fingerprint (SHA-256) is <code>${fingerprint}</code></p>`}`;
  }

  private async ask(): Promise<void> {
    this.problem = undefined;
    this.share = undefined;
    if (this.picture !== undefined) URL.revokeObjectURL(this.picture);
    this.picture = undefined;
    try {
      this.share = await this.server.share();
      // As a picture the drawing cannot run anything, whatever is in it.
      if (this.share.qr) this.picture = URL.createObjectURL(new Blob([this.share.qr], { type: 'image/svg+xml' }));
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }
}

customElements.define('share-dialog', ShareDialog);
