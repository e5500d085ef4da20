// The whole page: the list of chats beside the open one, and what lies over both. Holds together what is drawn elsewhere;
// what happens is `Chat`'s.

import { html, LitElement, nothing } from 'lit';
import './chat-list.ts';
import './composer.ts';
import './help-dialog.ts';
import './key-dialog.ts';
import './server-line.ts';
import './settings-dialog.ts';
import './share-dialog.ts';
import './thread.ts';
import { baseStyles } from '../components/base-styles.ts';
import { icon } from '../components/icons.ts';
import type { Chat } from './chat.ts';
import type { ChatList } from './chat-list.ts';
import { chatPageStyles } from './chat-page-styles.ts';
import type { Composer } from './composer.ts';
import { titleOf } from './conversation.ts';
import { isDefault } from './settings.ts';
import { shortcutOf } from './shortcuts.ts';
import { withoutThinking } from './thinking.ts';

type Dialog = 'settings' | 'share' | 'help' | undefined;

const NOTICE_MS = 8000;
const NARROW = matchMedia('(max-width: 52rem)');

export class ChatPage extends LitElement {
  static override styles = [baseStyles, chatPageStyles];
  static override properties = {
    chat: { attribute: false },
    dialog: { state: true },
    drawer: { state: true },
  };

  declare chat: Chat;
  declare dialog: Dialog;
  declare drawer: boolean;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;
  private noticed: unknown;
  /** What the address was last made to say. Until a chat is open that was asked for there, it says more than the page. */
  private address = '';

  constructor() {
    super();
    this.dialog = undefined;
    this.drawer = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.chat.addEventListener('change', () => this.changed());
    addEventListener('keydown', (event) => this.keyed(event));
    addEventListener('hashchange', () => this.followAddress());
    NARROW.addEventListener('change', () => {
      this.drawer = false;
    });
    this.followAddress();
  }

  override render() {
    const { chat } = this;
    const { shown } = chat;
    const title = titleOf(shown);
    const { model } = chat;
    return html`
      <nav class="side ${this.drawer ? 'open' : ''}" aria-label="Chats" ?inert=${NARROW.matches && !this.drawer}>
        <chat-list .chat=${chat} .entries=${chat.entries} .openId=${shown.id} @leave=${this.closeDrawer}
          @dialog=${this.openDialog}></chat-list>
      </nav>
      <div class="scrim" ?hidden=${!this.drawer} @click=${this.closeDrawer}></div>
      <div class="room" ?inert=${this.drawer}>
        <header>
          <button class="icon-button only-narrow" aria-label="Chats" @click=${this.openDrawer}>${icon('menu')}</button>
          <div class="heading">
            <h1 title=${title}>${title}</h1>
            ${model === '' ? nothing : html`<small>${model}</small>`}
          </div>
          <button class="icon-button ${isDefault(shown.settings) ? '' : 'set'}" aria-label="Settings of this chat"
            title="Settings of this chat" @click=${() => this.show('settings')}>${icon('sliders')}</button>
          <button class="icon-button only-narrow" aria-label="New chat" @click=${this.startNew}>${icon('plus')}</button>
        </header>
        <server-line .chat=${chat} .health=${chat.health}></server-line>
        <main aria-label="Conversation">
          <chat-thread .chat=${chat} .conversation=${shown} .model=${model}
            @suggest=${this.suggested}></chat-thread>
        <chat-composer .chat=${chat} .conversationId=${shown.id} .running=${chat.isRunning(shown.id)}></chat-composer>
        </main>
      </div>
      <settings-dialog .chat=${chat} .conversation=${shown} ?open=${this.dialog === 'settings'} @close=${this.hide}></settings-dialog>
      <share-dialog .server=${chat.server} ?open=${this.dialog === 'share'} @close=${this.hide}></share-dialog>
      <help-dialog ?open=${this.dialog === 'help'} @close=${this.hide}></help-dialog>
      <key-dialog .answer=${chat.keyWanted} ?open=${chat.keyWanted !== undefined}></key-dialog>
      <div class="notice-place" role="status">${this.notice()}</div>
      <div class="hidden-visually" aria-live="polite">${chat.finished ? `Answer: ${withoutThinking(chat.finished.text)}` : nothing}</div>`;
  }

  private notice() {
    const { notice } = this.chat;
    if (!notice) return nothing;
    return html`
      <div class="notice">
        <span>${notice.text}</span>
        ${notice.action ? html`<button @click=${notice.action.run}>${notice.action.label}</button>` : nothing}
        <button class="icon-button" aria-label="Dismiss" @click=${() => this.chat.say(undefined)}>${icon('close', 18)}</button>
      </div>`;
  }

  private changed(): void {
    this.requestUpdate();
    const { current, isStored, notice } = this.chat;
    const address = isStored ? `#${current.id}` : '';
    if (address !== this.address) {
      this.address = address;
      if (location.hash !== address) history.pushState(null, '', address === '' ? location.pathname : address);
    }
    document.title = isStored ? `${titleOf(current)} · Shoal` : 'Shoal';
    if (notice === this.noticed) return;
    this.noticed = notice;
    clearTimeout(this.noticeTimer);
    if (notice) this.noticeTimer = setTimeout(() => this.chat.say(undefined), NOTICE_MS);
  }

  private followAddress(): void {
    const id = location.hash.slice(1);
    if (id === '') this.chat.startNew();
    else if (id !== this.chat.current.id) void this.chat.guarded(() => this.openAddressed(id));
  }

  private async openAddressed(id: string): Promise<void> {
    await this.chat.open(id);
    if (this.chat.current.id !== id) history.replaceState(null, '', location.pathname);
  }

  private keyed(event: KeyboardEvent): void {
    const target = event.composedPath()[0];
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    const isCovered = this.dialog !== undefined || this.chat.keyWanted !== undefined;
    const shortcut = shortcutOf(event, isTyping);
    if (shortcut === undefined || isCovered || event.defaultPrevented) return;
    if (shortcut === 'escape') {
      if (this.drawer) this.closeDrawer();
      else void this.chat.stop();
      return;
    }
    event.preventDefault();
    if (shortcut === 'search') this.search();
    else if (shortcut === 'new') this.startNew();
    else this.show('help');
  }

  private search(): void {
    this.openDrawer();
    void this.updateComplete.then(() => this.renderRoot.querySelector<ChatList>('chat-list')!.focusSearch());
  }

  private startNew(): void {
    this.chat.startNew();
    this.closeDrawer();
    this.composer.focus();
  }

  private suggested(event: CustomEvent<string>): void {
    void this.chat.guarded(() => this.chat.send(event.detail));
    this.composer.focus();
  }

  private get composer(): Composer {
    return this.renderRoot.querySelector('chat-composer')!;
  }

  private openDrawer(): void {
    if (!NARROW.matches) return;
    this.drawer = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector<ChatList>('chat-list')!.focusFirst());
  }

  private closeDrawer(): void {
    if (!this.drawer) return;
    this.drawer = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('header .icon-button')?.focus());
  }

  private openDialog(event: CustomEvent<Dialog>): void {
    this.closeDrawer();
    this.show(event.detail);
  }

  private show(dialog: Dialog): void {
    this.dialog = dialog;
  }

  private hide(): void {
    this.dialog = undefined;
  }
}

customElements.define('chat-page', ChatPage);
