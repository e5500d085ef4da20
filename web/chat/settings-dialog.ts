// A chat's settings as a form. What is left empty is the server's choice. Knows fields, not what they do.

import { css, html, LitElement, nothing } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { formStyles } from '../components/form-styles.ts';
import type { Chat } from './chat.ts';
import type { Conversation } from './conversation.ts';
import {
  complaintAbout,
  NUMBER_FIELDS,
  type NumberField,
  noSettings,
  readSettings,
  type Settings,
  stopsOf,
} from './settings.ts';
import '../components/modal.ts';

export class SettingsDialog extends LitElement {
  static override styles = [
    baseStyles,
    formStyles,
    css`
      .numbers {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 0.875rem 1rem;
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      .buttons {
        position: sticky;
        bottom: -1.5rem;
        justify-content: space-between;
        margin: 0 -0.25rem -1.5rem;
        padding: 0.75rem 0.25rem 1.25rem;
        background: var(--raised);
      }
      @media (max-width: 20rem) {
        .numbers {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];
  static override properties = {
    chat: { attribute: false },
    conversation: { attribute: false },
    open: { type: Boolean },
    draft: { state: true },
    complaints: { state: true },
  };

  declare chat: Chat;
  declare conversation: Conversation;
  declare open: boolean;
  /** What the fields begin with. */
  declare draft: Settings;
  declare complaints: ReadonlyMap<string, string>;

  constructor() {
    super();
    this.open = false;
    this.draft = noSettings;
    this.complaints = new Map();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('open') || !this.open) return;
    this.draft = this.conversation.settings;
    this.complaints = new Map();
  }

  override render() {
    return html`
      <shoal-modal heading="How this chat answers" ?open=${this.open}>
        ${this.open ? this.form() : nothing}
      </shoal-modal>`;
  }

  private form() {
    const { system, stop } = this.draft;
    return html`
      <form @submit=${this.submitted} novalidate>
        <div class="entry">
          <label for="system">System prompt</label>
          <textarea class="field" id="system" rows="2" aria-describedby="system-hint" .value=${system}></textarea>
          <small id="system-hint">Told to the model before the chat</small>
        </div>
        <fieldset class="numbers">
          <legend class="hidden-visually">Sampling</legend>
          ${NUMBER_FIELDS.map((field) => this.number(field))}
        </fieldset>
        <div class="entry">
          <label for="stop">Stop texts</label>
          <textarea class="field" id="stop" rows="2" aria-describedby="stop-hint" .value=${stop.join('\n')}></textarea>
          <small id="stop-hint">One a line; the answer ends in front of them</small>
        </div>
        <label class="check"><input type="checkbox" id="default" /> Use these for new chats too</label>
        <div class="buttons">
          <button class="button" type="button" @click=${this.reset}>Reset</button>
          <button class="button main">Save</button>
        </div>
      </form>`;
  }

  private number(field: NumberField) {
    const { name, label, hint } = field;
    const complaint = this.complaints.get(name);
    return html`
      <div class="entry">
        <label for=${name}>${label}</label>
        <input class="field" id=${name} inputmode=${field.least < 0 ? 'text' : field.whole ? 'numeric' : 'decimal'} autocomplete="off"
          placeholder="Automatic" aria-describedby="${name}-hint" aria-invalid=${complaint !== undefined}
          .value=${String(this.draft.numbers[name] ?? '')} />
        <small id="${name}-hint" class=${complaint === undefined ? '' : 'bad'}>${complaint ?? hint}</small>
      </div>`;
  }

  private value(id: string): string {
    return this.renderRoot.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${id}`)!.value;
  }

  private submitted(event: Event): void {
    event.preventDefault();
    const complaints = NUMBER_FIELDS.flatMap((field) => {
      const complaint = complaintAbout(field, this.value(field.name));
      return complaint === undefined ? [] : [[field.name, complaint] as const];
    });
    this.complaints = new Map(complaints);
    if (complaints.length > 0) {
      this.renderRoot.querySelector<HTMLElement>(`#${complaints[0]![0]}`)!.focus();
      return;
    }
    const numbers = NUMBER_FIELDS.filter(({ name }) => this.value(name).trim() !== '').map(
      ({ name }) => [name, Number(this.value(name))] as const,
    );
    const settings = readSettings({
      system: this.value('system'),
      stop: stopsOf(this.value('stop')),
      numbers: Object.fromEntries(numbers),
    });
    if (this.renderRoot.querySelector<HTMLInputElement>('#default')!.checked) this.chat.preferences.defaults = settings;
    void this.chat.guarded(() => this.chat.setSettings(settings));
    this.close();
  }

  private reset(): void {
    for (const field of this.renderRoot.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('.field'))
      field.value = '';
    this.complaints = new Map();
  }

  private close(): void {
    this.dispatchEvent(new Event('close'));
  }
}

customElements.define('settings-dialog', SettingsDialog);
