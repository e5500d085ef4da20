// Asks for the API key that the server wants.

import { css, html, LitElement, nothing } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { formStyles } from '../components/form-styles.ts';
import '../components/modal.ts';

export class KeyDialog extends LitElement {
  static override styles = [
    baseStyles,
    formStyles,
    css`
      p {
        margin: 0;
        color: var(--quiet);
      }
    `,
  ];
  static override properties = { open: { type: Boolean }, answer: { attribute: false } };

  declare open: boolean;
  /** Called once, with the key or with undefined. */
  declare answer: ((key: string | undefined) => void) | undefined;

  constructor() {
    super();
    this.open = false;
  }

  override render() {
    return html`
      <shoal-modal heading="This server wants a key" ?open=${this.open} @close=${() => this.answer?.(undefined)}>
        ${this.open ? this.form() : nothing}
      </shoal-modal>`;
  }

  private form() {
    return html`
      <form @submit=${this.submitted}>
        <p>It was started with <code>--api-key</code>. Whoever started it can tell you the key; this browser will remember it.</p>
        <div class="entry">
          <label for="key">API key</label>
          <input class="field" id="key" type="password" autocomplete="current-password" required autofocus />
        </div>
        <div class="buttons"><button class="button main">Go on</button></div>
      </form>`;
  }

  private submitted(event: Event): void {
    event.preventDefault();
    const key = this.renderRoot.querySelector<HTMLInputElement>('#key')!.value.trim();
    if (key !== '') this.answer?.(key);
  }
}

customElements.define('key-dialog', KeyDialog);
