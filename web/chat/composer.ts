// Where the reader writes. What was written and not sent stays with its chat, also over a reload.

import { css, html, LitElement } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { icon, stopIcon } from '../components/icons.ts';
import type { Chat } from './chat.ts';
import { sends } from './shortcuts.ts';

export class Composer extends LitElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        display: block;
        padding: 0.25rem 1.5rem calc(0.75rem + env(safe-area-inset-bottom));
      }
      form {
        display: flex;
        align-items: flex-end;
        max-width: var(--measure);
        margin: 0 auto;
        padding: 0.4375rem;
        border: 1px solid var(--line-strong);
        border-radius: 20px;
        background: var(--raised);
      }
      form:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 1px var(--accent);
      }
      textarea {
        flex: 1;
        min-width: 0;
        max-height: min(40dvh, 18rem);
        padding: 0.5rem 0.75rem 0.5rem 0.875rem;
        border: 0;
        background: none;
        font-size: max(16px, 1rem);
        line-height: 1.5;
        resize: none;
        field-sizing: content;
      }
      /* The form around it shows the focus. */
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--quiet);
        opacity: 1;
      }
      .go {
        display: grid;
        place-items: center;
        flex: none;
        width: 2.5rem;
        height: 2.5rem;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: var(--accent);
        color: var(--on-accent);
      }
      .go:hover:not(:disabled) {
        background: var(--accent-strong);
      }
      .go:disabled {
        background: var(--tint);
        color: var(--quiet);
        opacity: 1;
      }
      p {
        margin: 0.5rem 0 0;
        font-size: 0.75rem;
        text-align: center;
        color: var(--quiet);
      }
      @media (max-width: 52rem) {
        :host {
          padding: 0.25rem calc(0.75rem + env(safe-area-inset-right)) calc(0.75rem + env(safe-area-inset-bottom))
            calc(0.75rem + env(safe-area-inset-left));
        }
      }
      @media (hover: none), (max-width: 52rem) {
        p {
          display: none;
        }
      }
    `,
  ];
  static override properties = {
    chat: { attribute: false },
    conversationId: { attribute: false },
    running: { attribute: false },
    text: { state: true },
  };

  declare chat: Chat;
  declare conversationId: string;
  declare running: boolean;
  declare text: string;

  constructor() {
    super();
    this.running = false;
    this.text = '';
  }

  override focus(): void {
    this.field.focus();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('conversationId')) this.text = this.chat.preferences.draft(this.conversationId);
  }

  override render() {
    return html`
      <form aria-label="Message" @submit=${this.submitted}>
        <textarea aria-label="Message" placeholder="Write a message" rows="1" enterkeyhint="send" .value=${this.text}
          @input=${this.typed} @keydown=${this.keyed}></textarea>
        ${
          this.running
            ? html`<button class="go" type="button" aria-label="Stop" title="Stop (Esc)" @click=${this.stop}>${stopIcon}</button>`
            : html`<button class="go" aria-label="Send" title="Send (Enter)" ?disabled=${this.text.trim() === ''}>${icon('up')}</button>`
        }
      </form>
      <p>Answers are made up by a model and may be wrong.</p>`;
  }

  override firstUpdated(): void {
    if (matchMedia('(hover: hover)').matches) this.focus();
  }

  override updated(): void {
    if (CSS.supports('field-sizing', 'content')) return;
    this.field.style.height = 'auto';
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  private get field(): HTMLTextAreaElement {
    return this.renderRoot.querySelector('textarea')!;
  }

  private typed(): void {
    this.text = this.field.value;
    this.chat.preferences.setDraft(this.conversationId, this.text);
  }

  private keyed(event: KeyboardEvent): void {
    if (!sends(event)) return;
    event.preventDefault();
    this.send();
  }

  private submitted(event: Event): void {
    event.preventDefault();
    this.send();
  }

  private send(): void {
    const { text } = this;
    if (this.running || text.trim() === '') return;
    this.text = '';
    this.chat.preferences.setDraft(this.conversationId, '');
    void this.chat.guarded(() => this.chat.send(text));
  }

  private stop(): void {
    void this.chat.stop();
    this.focus();
  }
}

customElements.define('chat-composer', Composer);
