// The open conversation from top to bottom. Stays at the end while an answer grows, unless the reader went up.

import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import './answer-view.ts';
import './question-view.ts';
import { baseStyles } from '../components/base-styles.ts';
import { icon } from '../components/icons.ts';
import { bigFish, fishStyles } from '../components/shoal.ts';
import type { Chat } from './chat.ts';
import type { Conversation } from './conversation.ts';
import { isDemo, suggestionsFor } from './suggestions.ts';

/** Pixels from the end that still count as being there. */
const NEAR_END = 48;

export class ChatThread extends LitElement {
  static override styles = [
    baseStyles,
    fishStyles,
    css`
      :host {
        position: relative;
        display: block;
      }
      .scroll {
        height: 100%;
        overflow-y: auto;
        overscroll-behavior: contain;
        padding: 1rem 1.5rem 2rem;
        scrollbar-gutter: stable both-edges;
        scrollbar-width: thin;
        mask-image: linear-gradient(transparent, #000 1rem calc(100% - 1rem), transparent);
      }
      .messages {
        max-width: var(--measure);
        margin: 0 auto;
      }
      .empty {
        display: flex;
        flex-direction: column;
        justify-content: safe center;
        max-width: var(--measure);
        min-height: 100%;
        margin: 0 auto;
        padding-bottom: 1rem;
      }
      .big-fish {
        width: 13rem;
        height: 6.5rem;
        margin: 0 0 1.75rem;
        color: color-mix(in srgb, var(--ink) 72%, var(--page));
      }
      .empty h2 {
        margin: 0;
        font: 400 2rem / 1.2 var(--serif);
        font-size-adjust: inherit;
        letter-spacing: -0.015em;
        text-wrap: balance;
      }
      .empty p {
        max-width: 30rem;
        margin: 0.625rem 0 1.75rem;
        color: var(--quiet);
        text-wrap: pretty;
      }
      .empty ul {
        margin: 0;
        padding: 0;
        list-style: none;
        border-top: 1px solid var(--line);
      }
      .empty li button {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 1rem;
        width: 100%;
        min-height: 3rem;
        padding: 0.5rem 0;
        border: 0;
        border-bottom: 1px solid var(--line);
        background: none;
        text-align: left;
      }
      .empty li svg {
        color: var(--quiet);
        transform: rotate(90deg);
        transition: transform 0.15s;
      }
      .empty li button:hover {
        color: var(--accent);
      }
      .empty li button:hover svg {
        color: var(--accent);
        transform: rotate(90deg) translateY(-3px);
      }
      .to-end {
        position: absolute;
        bottom: 0.75rem;
        left: 50%;
        width: 2.5rem;
        margin-left: -1.25rem;
        padding: 0;
        box-shadow: var(--shadow);
      }
      @media (max-width: 52rem) {
        .scroll {
          padding: 0.5rem calc(1.25rem + env(safe-area-inset-right)) 1.5rem calc(1.25rem + env(safe-area-inset-left));
          scrollbar-gutter: auto;
        }
        .empty h2 {
          font-size: 1.75rem;
        }
        .big-fish {
          width: 11rem;
          height: 5.5rem;
          margin-bottom: 1.25rem;
        }
      }
    `,
  ];
  static override properties = {
    chat: { attribute: false },
    conversation: { attribute: false },
    model: { attribute: false },
    isAway: { state: true },
  };

  declare chat: Chat;
  declare conversation: Conversation;
  declare model: string;
  declare isAway: boolean;
  private lastId = '';
  private scrolledTo = 0;
  private watched: Element | null = null;
  /** Answers are drawn after the thread, so it is their size that tells that there is more. */
  private readonly sizes = new ResizeObserver(() => {
    if (!this.isAway) this.toEnd();
  });

  constructor() {
    super();
    this.model = '';
    this.isAway = false;
  }

  override render() {
    const { messages } = this.conversation;
    if (messages.length === 0) return html`<div class="scroll" tabindex="-1">${this.empty()}</div>`;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label="Messages" @scroll=${this.scrolled}>
        <div class="messages">
          ${repeat(
            messages,
            ({ id }) => id,
            (message) =>
              message.role === 'user'
                ? html`<question-view .chat=${this.chat} .question=${message}></question-view>`
                : html`<answer-view .chat=${this.chat} .answer=${message} .progress=${this.chat.progressOf(message.id)} .busy=${this.chat.isRunning(this.conversation.id)}
                    .limit=${this.conversation.settings.numbers.maxTokens}></answer-view>`,
          )}
        </div>
      </div>
      ${
        this.isAway
          ? html`<button class="button to-end" aria-label="To the end" title="To the end" @click=${this.toEnd}>${icon('down', 18)}</button>`
          : nothing
      }`;
  }

  private empty() {
    const demo = isDemo(this.model);
    // Before the server said anything, nothing is promised.
    if (this.model === '') return html`<div class="empty">${bigFish}</div>`;
    return html`
      <div class="empty">
        ${bigFish}
        <h2>${demo ? 'Shall I tell you a story?' : 'What would you like to know?'}</h2>
        <p>${
          demo
            ? 'This is a very small model that knows nothing but children’s stories. It makes each one up anew.'
            : 'The model runs on your own devices, and what you write stays with them.'
        }</p>
        <ul>${suggestionsFor(this.model).map(
          (text) => html`<li><button @click=${() => this.suggest(text)}>${text} ${icon('up', 18)}</button></li>`,
        )}</ul>
      </div>`;
  }

  override willUpdate(): void {
    const { id, messages } = this.conversation;
    const lastId = messages.at(-1)?.id ?? id;
    if (lastId !== this.lastId) this.isAway = false;
    this.lastId = lastId;
  }

  override updated(): void {
    const messages = this.renderRoot.querySelector('.messages');
    if (messages === this.watched) return;
    if (this.watched) this.sizes.unobserve(this.watched);
    if (messages) this.sizes.observe(messages);
    this.watched = messages;
  }

  private get scroller(): HTMLElement | null {
    return this.renderRoot.querySelector('.scroll');
  }

  private toEnd(): void {
    const { scroller } = this;
    if (scroller) scroller.scrollTop = scroller.scrollHeight;
  }

  private scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller!;
    const isNear = scrollHeight - scrollTop - clientHeight <= NEAR_END;
    // Far from the end without having gone up: the text has grown, and the page goes after it.
    if (isNear) this.isAway = false;
    else if (scrollTop < this.scrolledTo) this.isAway = true;
    this.scrolledTo = scrollTop;
  }

  private suggest(text: string): void {
    this.dispatchEvent(new CustomEvent('suggest', { detail: text }));
  }
}

customElements.define('chat-thread', ChatThread);
