// What the reader wrote, as plain text, and a form to write it otherwise.

import { css, html, LitElement } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { icon } from '../components/icons.ts';
import type { Chat } from './chat.ts';
import type { UserMessage } from './conversation.ts';
import { sends } from './shortcuts.ts';

export class QuestionView extends LitElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        display: block;
        margin: 2.25rem 0 1.125rem;
      }
      :host(:first-child) {
        margin-top: 0.5rem;
      }
      .question {
        display: flex;
        align-items: flex-start;
        gap: 0.5rem;
        padding-left: 1.125rem;
        border-left: 3px solid var(--accent);
      }
      .text {
        flex: 1;
        margin: 0;
        padding: 0.125rem 0;
        font-weight: 600;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .edit {
        margin: -0.375rem -0.5rem -0.375rem 0;
        opacity: 0;
      }
      .question:hover .edit,
      .edit:focus-visible {
        opacity: 1;
      }
      @media (hover: none) {
        .edit {
          opacity: 1;
        }
      }
      form {
        display: grid;
        gap: 0.625rem;
      }
      form div {
        display: flex;
        gap: 0.5rem;
      }
      textarea {
        max-height: 50dvh;
        field-sizing: content;
      }
      form p {
        flex: 1;
        align-self: center;
        margin: 0;
        font-size: 0.8125rem;
        color: var(--quiet);
      }
    `,
  ];
  static override properties = {
    chat: { attribute: false },
    question: { attribute: false },
    editing: { state: true },
  };

  declare chat: Chat;
  declare question: UserMessage;
  declare editing: boolean;

  constructor() {
    super();
    this.editing = false;
  }

  edit(): void {
    this.editing = true;
    void this.updateComplete.then(() => {
      const field = this.renderRoot.querySelector('textarea')!;
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    });
  }

  override render() {
    const { text } = this.question;
    if (this.editing) return this.form(text);
    return html`
      <article class="question" aria-labelledby="you">
        <h2 class="hidden-visually" id="you">You</h2>
        <p class="text">${text}</p>
        <button class="icon-button edit" aria-label="Edit" title="Edit" @click=${this.edit}>${icon('pencil', 18)}</button>
      </article>`;
  }

  private form(text: string) {
    return html`
      <form aria-label="Edit message" @submit=${this.submitted} @keydown=${this.keyed}>
        <textarea class="field" aria-label="Message" rows="3" .value=${text}></textarea>
        <div>
          <p>What follows is written anew.</p>
          <button class="button" type="button" @click=${this.cancel}>Cancel</button>
          <button class="button main">Send</button>
        </div>
      </form>`;
  }

  private keyed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      this.cancel();
    } else if (sends(event) && event.target instanceof HTMLTextAreaElement) {
      event.preventDefault();
      this.send();
    }
  }

  private submitted(event: Event): void {
    event.preventDefault();
    this.send();
  }

  private send(): void {
    const text = this.renderRoot.querySelector('textarea')!.value;
    if (text.trim() === '') return;
    this.editing = false;
    void this.chat.guarded(() => this.chat.resend(this.question.id, text));
  }

  private cancel(): void {
    this.editing = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.edit')?.focus());
  }
}

customElements.define('question-view', QuestionView);
