// A button that opens a short list of things to do, to be used by pointer and by arrow keys alike.

import { css, html, LitElement } from 'lit';
import { baseStyles } from './base-styles.ts';
import { type IconName, icon } from './icons.ts';

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly run: () => void;
  readonly isDangerous?: boolean;
}

/** Pixels between the button and the list, and between the list and the edge of the page. */
const GAP = 4;
const EDGE = 8;

export class ShoalMenu extends LitElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        display: inline-block;
      }
      [popover] {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 12rem;
        padding: 0.375rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--raised);
        color: var(--ink);
        box-shadow: var(--shadow);
      }
      [role='menuitem'] {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        width: 100%;
        min-height: 2.5rem;
        padding: 0 0.75rem;
        border: 0;
        border-radius: 8px;
        background: none;
        font-size: 0.875rem;
        text-align: left;
      }
      [role='menuitem'] svg {
        color: var(--quiet);
      }
      [role='menuitem']:hover,
      [role='menuitem']:focus-visible {
        background: var(--tint);
        outline-offset: -2px;
      }
      .dangerous,
      .dangerous svg {
        color: var(--bad) !important;
      }
    `,
  ];
  static override properties = { label: {}, items: { attribute: false }, icon: {} };

  declare label: string;
  declare icon: IconName;
  declare items: readonly MenuItem[];

  constructor() {
    super();
    this.label = 'More';
    this.icon = 'more';
    this.items = [];
  }

  override render() {
    return html`
      <button class="icon-button" aria-label=${this.label} title=${this.label} aria-haspopup="menu" aria-expanded="false"
        @click=${this.toggle}>${icon(this.icon)}</button>
      <div popover role="menu" aria-label=${this.label} @toggle=${this.toggled} @keydown=${this.keyed}>
        ${this.items.map(
          (item) => html`
            <button role="menuitem" tabindex="-1" class=${item.isDangerous ? 'dangerous' : ''} @click=${() => this.choose(item)}>
              ${icon(item.icon, 18)} ${item.label}
            </button>`,
        )}
      </div>`;
  }

  private get button(): HTMLButtonElement {
    return this.renderRoot.querySelector('.icon-button')!;
  }

  private get list(): HTMLElement {
    return this.renderRoot.querySelector('[popover]')!;
  }

  private toggle(): void {
    this.list.togglePopover();
  }

  private choose(item: MenuItem): void {
    this.list.hidePopover();
    this.button.focus();
    item.run();
  }

  private toggled(event: ToggleEvent): void {
    const isOpen = event.newState === 'open';
    this.button.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) return;
    const from = this.button.getBoundingClientRect();
    const size = this.list.getBoundingClientRect();
    const left = Math.min(from.left, innerWidth - size.width - EDGE);
    const below = from.bottom + GAP;
    const top = below + size.height + EDGE <= innerHeight ? below : from.top - GAP - size.height;
    this.list.style.left = `${Math.max(EDGE, left)}px`;
    this.list.style.top = `${Math.max(EDGE, top)}px`;
    this.entries()[0]?.focus();
  }

  private keyed(event: KeyboardEvent): void {
    const entries = this.entries();
    const at = entries.indexOf(event.composedPath()[0] as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation();
      this.list.hidePopover();
      this.button.focus();
    }
    if (next === undefined) return;
    event.preventDefault();
    entries[(next + entries.length) % entries.length]?.focus();
  }

  private entries(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role=menuitem]')];
  }
}

customElements.define('shoal-menu', ShoalMenu);
