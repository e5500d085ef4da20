// The list of chats: new, search, open, rename, delete. Also what concerns all chats, at its foot.

import { html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { baseStyles } from '../components/base-styles.ts';
import { icon } from '../components/icons.ts';
import { commandKey } from '../components/keyboard.ts';
import type { Chat } from './chat.ts';
import { chatListStyles } from './chat-list-styles.ts';
import type { Entry } from './conversation.ts';
import { downloadText, pickText } from './files.ts';
import type { Finding } from './search.ts';
import { themeItem } from './theme.ts';
import { dayGroup } from './wording.ts';
import '../components/menu.ts';
import { fishStyles, sign } from '../components/shoal.ts';

/** So many are drawn at first, and so many more with each "Show older". */
const PAGE = 100;
const SEARCH_DELAY_MS = 150;

export class ChatList extends LitElement {
  static override styles = [baseStyles, fishStyles, chatListStyles];
  static override properties = {
    chat: { attribute: false },
    entries: { attribute: false },
    openId: { attribute: false },
    findings: { state: true },
    renaming: { state: true },
    limit: { state: true },
  };

  declare chat: Chat;
  declare entries: readonly Entry[];
  declare openId: string;
  declare findings: readonly Finding[] | undefined;
  declare renaming: string | undefined;
  declare limit: number;
  private searching = new AbortController();

  constructor() {
    super();
    this.entries = [];
    this.findings = undefined;
    this.renaming = undefined;
    this.limit = PAGE;
  }

  focusSearch(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=search]')!.select();
  }

  focusFirst(): void {
    this.renderRoot.querySelector<HTMLElement>('.new')!.focus();
  }

  override render() {
    return html`
      <div class="top">
        <div class="brand">${sign}<span>Shoal</span></div>
        <button class="new" @click=${this.startNew}>${icon('plus', 18)} New chat</button>
        <label class="search">
          ${icon('search', 18)}
          <input type="search" aria-label="Search chats" placeholder="Search" autocomplete="off" enterkeyhint="search"
            @input=${this.searched} @keydown=${this.searchKeyed} />
          <kbd aria-hidden="true">${commandKey()} K</kbd>
        </label>
      </div>
      <div class="list">${this.findings ? this.found(this.findings) : this.all()}</div>
      <div class="foot">
        <button class="share" @click=${() => this.dialog('share')}>${icon('phone')} Open on a phone</button>
        ${this.themeButton()}
        <button class="icon-button" aria-label="Help" title="Help" @click=${() => this.dialog('help')}>${icon('help')}</button>
        <shoal-menu label="All chats" .items=${[
          { label: 'Export all chats', icon: 'save', run: () => void this.chat.guarded(() => this.exportAll()) },
          { label: 'Import chats', icon: 'load', run: () => void this.chat.guarded(() => this.importAll()) },
        ]}></shoal-menu>
      </div>`;
  }

  private all() {
    const now = Date.now();
    const shown = this.entries.slice(0, this.limit);
    const groups = Map.groupBy(shown, (entry) => dayGroup(entry.updatedAt, now));
    if (shown.length === 0) return html`<p class="none">Your chats will be here. They stay in this browser.</p>`;
    return html`
      ${[...groups].map(
        ([day, entries]) => html`
          <h2>${day}</h2>
          <ul>${repeat(
            entries,
            ({ id }) => id,
            (entry) => html`<li>${this.row(entry)}</li>`,
          )}</ul>`,
      )}
      ${
        this.entries.length > this.limit
          ? html`<button class="older" @click=${this.showOlder}>Show older</button>`
          : nothing
      }`;
  }

  private found(findings: readonly Finding[]) {
    if (findings.length === 0) return html`<p class="none" role="status">Nothing found.</p>`;
    return html`
      <h2 role="status">${findings.length === 1 ? '1 chat' : `${findings.length} chats`}</h2>
      <ul>${findings.map((finding) => html`<li>${this.row(finding, finding)}</li>`)}</ul>`;
  }

  private row(entry: Entry, finding?: Finding) {
    const { id, title } = entry;
    if (this.renaming === id) return this.nameField(entry);
    const isOpen = id === this.openId;
    return html`
      <div class="row ${isOpen ? 'open' : ''}">
        <a href="#${id}" aria-current=${isOpen ? 'page' : nothing} @click=${this.leave}>
          <span class="title">${title}</span>
          ${finding && finding.match !== '' ? html`<span class="snippet">${finding.before}<mark>${finding.match}</mark>${finding.after}</span>` : nothing}
        </a>
        ${this.chat.isRunning(id) ? html`<span class="running" role="img" aria-label="is being answered"></span>` : nothing}
        <shoal-menu label="More for ${title}" .items=${[
          { label: 'Rename', icon: 'pencil', run: () => this.rename(id) },
          {
            label: 'Delete',
            icon: 'trash',
            isDangerous: true,
            run: () => void this.removeChat(id),
          },
        ]}></shoal-menu>
      </div>`;
  }

  private nameField({ id, title }: Entry) {
    const end = (event: Event, isKept: boolean): void => {
      if (this.renaming !== id) return;
      this.renaming = undefined;
      const name = (event.target as HTMLInputElement).value;
      if (isKept && name.trim() !== title) void this.chat.guarded(() => this.chat.rename(id, name));
    };
    return html`
      <input class="field name" aria-label="Name of the chat" .value=${title} maxlength="200"
        @blur=${(event: Event) => end(event, true)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key !== 'Enter' && event.key !== 'Escape') return;
          event.preventDefault();
          event.stopPropagation();
          end(event, event.key === 'Enter');
          void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`a[href='#${id}']`)?.focus());
        }} />`;
  }

  private themeButton() {
    const { label, icon: name, next } = themeItem(this.chat.preferences);
    const choose = (): void => {
      next();
      this.requestUpdate();
    };
    return html`<button class="icon-button" aria-label=${label} title=${label} @click=${choose}>${icon(name)}</button>`;
  }

  private async removeChat(id: string): Promise<void> {
    await this.chat.guarded(() => this.chat.remove(id));
    // The button that was pressed is gone.
    this.focusFirst();
  }

  private rename(id: string): void {
    this.renaming = id;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>('.name')?.select());
  }

  private async searched(event: Event): Promise<void> {
    const query = (event.target as HTMLInputElement).value.trim();
    this.searching.abort();
    this.searching = new AbortController();
    const { signal } = this.searching;
    if (query === '') {
      this.findings = undefined;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, SEARCH_DELAY_MS));
    if (signal.aborted) return;
    const findings = await this.chat.search(query, signal).catch(() => undefined); // a later search took its place
    if (findings && !signal.aborted) this.findings = findings;
  }

  private searchKeyed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      const field = event.target as HTMLInputElement;
      if (field.value === '') this.leave();
      field.value = '';
      this.searching.abort();
      this.findings = undefined;
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
      event.preventDefault();
      this.renderRoot.querySelector<HTMLElement>('.row a')?.focus();
    }
  }

  private startNew(): void {
    this.chat.startNew();
    this.leave();
  }

  private showOlder(): void {
    this.limit += PAGE;
  }

  private async exportAll(): Promise<void> {
    downloadText('shoal-chats.json', await this.chat.exported());
  }

  private async importAll(): Promise<void> {
    const text = await pickText('.json,application/json');
    if (text !== undefined) await this.chat.importFrom(text);
  }

  private leave(): void {
    this.dispatchEvent(new Event('leave'));
  }

  private dialog(name: string): void {
    this.dispatchEvent(new CustomEvent('dialog', { detail: name }));
  }
}

customElements.define('chat-list', ChatList);
