// A button that copies a text and says that it did.

import { html, LitElement } from 'lit';
import { baseStyles } from './base-styles.ts';
import { copyText } from './clipboard.ts';
import { icon } from './icons.ts';

const SHOWN_MS = 1600;

export class CopyButton extends LitElement {
  static override styles = [baseStyles];
  static override properties = { text: { attribute: false }, label: {}, copied: { state: true } };

  declare text: string;
  declare label: string;
  declare copied: boolean;

  constructor() {
    super();
    this.text = '';
    this.label = 'Copy';
    this.copied = false;
  }

  override render() {
    const label = this.copied ? 'Copied' : this.label;
    return html`
      <button class="icon-button" aria-label=${label} title=${label} @click=${this.copy}>
        ${icon(this.copied ? 'check' : 'copy', 18)}
      </button>`;
  }

  private async copy(): Promise<void> {
    this.copied = await copyText(this.text);
    setTimeout(() => {
      this.copied = false;
    }, SHOWN_MS);
  }
}

customElements.define('copy-button', CopyButton);
