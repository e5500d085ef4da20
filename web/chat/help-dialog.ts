// Which keys do what.

import { css, html, LitElement } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { commandKey } from '../components/keyboard.ts';
import { SHORTCUTS } from './shortcuts.ts';
import '../components/modal.ts';

export class HelpDialog extends LitElement {
  static override styles = [
    baseStyles,
    css`
      dl {
        display: grid;
        grid-template-columns: 1fr auto;
        margin: 0;
      }
      dt,
      dd {
        display: flex;
        align-items: center;
        gap: 0.25rem;
        min-height: 2.75rem;
        margin: 0;
        border-bottom: 1px solid var(--line);
      }
      dd {
        justify-content: flex-end;
      }
      dt:last-of-type,
      dd:last-of-type {
        border: 0;
      }
      kbd {
        padding: 0.125rem 0.5rem;
        border: 1px solid var(--line-strong);
        border-radius: 6px;
        font: 0.8125rem / 1.5 var(--sans);
        font-size-adjust: inherit;
      }
      p {
        margin: 1rem 0 0;
        font-size: 0.875rem;
        color: var(--quiet);
      }
    `,
  ];
  static override properties = { open: { type: Boolean } };

  declare open: boolean;

  constructor() {
    super();
    this.open = false;
  }

  override render() {
    const command = commandKey();
    return html`
      <shoal-modal heading="Keys" ?open=${this.open}>
        <dl>
          ${SHORTCUTS.map(
            ([keys, meaning]) => html`
              <dt>${meaning}</dt>
              <dd>${keys.map((key) => html`<kbd>${key === 'Ctrl' ? command : key}</kbd>`)}</dd>`,
          )}
        </dl>
        <p>Chats are kept in this browser only. The menu below the list exports them.</p>
      </shoal-modal>`;
  }
}

customElements.define('help-dialog', HelpDialog);
