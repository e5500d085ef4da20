// One answer: the model's thoughts, its text, how it ended, how fast it came, and what can be done with it.

import { html, LitElement, nothing } from 'lit';
import { baseStyles } from '../components/base-styles.ts';
import { answerStyles } from './answer-styles.ts';
import type { Progress } from './answering.ts';
import type { Chat } from './chat.ts';
import type { Answer } from './conversation.ts';
import { endingOf } from './ending.ts';
import { partsOf } from './thinking.ts';
import { counted, duration, rate } from './wording.ts';
import '../components/copy-button.ts';
import { icon } from '../components/icons.ts';
import '../components/markdown-view.ts';
import { fishStyles, waitingFish } from '../components/shoal.ts';

export class AnswerView extends LitElement {
  static override styles = [baseStyles, fishStyles, answerStyles];
  static override properties = {
    chat: { attribute: false },
    answer: { attribute: false },
    progress: { attribute: false },
    busy: { attribute: false },
    limit: { attribute: false },
  };

  declare chat: Chat;
  declare answer: Answer;
  declare progress: Progress | undefined;
  declare busy: boolean;
  declare limit: number | undefined;

  override render() {
    const { answer } = this;
    const { text, thinking, isThinking } = partsOf(answer.text);
    const isRunning = answer.state === 'running';
    const thoughts = [answer.thinking, thinking].filter((part) => part !== '').join('\n\n');
    return html`
      <article aria-label="Answer" aria-busy=${isRunning}>
        ${thoughts === '' ? nothing : this.thoughts(thoughts, isRunning && (isThinking || text === ''))}
        ${text === '' ? nothing : html`<markdown-view .text=${text} ?growing=${isRunning}></markdown-view>`}
        ${isRunning && text === '' ? this.waiting(thoughts !== '') : nothing}
        ${isRunning ? nothing : this.end(text)}
      </article>`;
  }

  private thoughts(text: string, isOpen: boolean) {
    return html`
      <details>
        <summary>${isOpen ? 'Thinking…' : 'Thoughts'}</summary>
        <div class="thoughts">${text}</div>
      </details>`;
  }

  private waiting(isThinking: boolean) {
    return html`<p class="waiting-line">${waitingFish}<span>${isThinking ? '' : this.waitingFor()}</span></p>`;
  }

  private waitingFor(): string {
    const { progress } = this;
    if (progress?.kind === 'queued') return `All places are taken. Trying again in ${progress.secondsLeft} s.`;
    if (progress?.kind === 'no-key') return 'Waiting for the key.';
    if (progress?.kind !== 'no-server') return '';
    return this.chat.health.kind === 'loading' ? 'Waiting for the model.' : 'Waiting for the server.';
  }

  private end(text: string) {
    const ending = endingOf(this.answer, this.limit);
    const actions = {
      retry: () => this.retry(),
      'go-on': () => this.goOn(),
      edit: () => this.edit(),
      new: () => this.chat.startNew(),
    };
    return html`
      ${
        ending
          ? html`
            <div class="ending ${ending.isBad ? 'bad' : ''}" role=${ending.isBad ? 'alert' : 'note'}>
              <p>${ending.text}</p>
              ${ending.advice === undefined ? nothing : html`<p>${ending.advice}</p>`}
              <div class="choices">${ending.choices.map(
                ([action, label]) =>
                  html`<button class="button" ?disabled=${this.busy} @click=${actions[action]}>${label}</button>`,
              )}</div>
            </div>`
          : nothing
      }
      <footer ?hidden=${text === '' && ending?.isBad === true}>
        ${text === '' ? nothing : html`<copy-button label="Copy the answer" .text=${text}></copy-button>`}
        <button class="icon-button" aria-label="Write it anew" title="Write it anew" ?disabled=${this.busy} @click=${this.retry}>
          ${icon('again', 18)}
        </button>
        ${this.measures()}
      </footer>`;
  }

  private measures() {
    const { tokensPerSecond, firstTokenMs, answerTokens, promptTokens } = this.answer;
    const parts = [
      tokensPerSecond === undefined ? '' : rate(tokensPerSecond),
      firstTokenMs === undefined ? '' : `first after ${duration(firstTokenMs)}`,
      answerTokens === undefined ? '' : `${counted(answerTokens, 'token')}`,
    ].filter((part) => part !== '');
    if (parts.length === 0) return nothing;
    const all = promptTokens === undefined ? '' : `The model read ${counted(promptTokens, 'token')} before it wrote.`;
    return html`<small title=${all}>${parts.map((part) => html`<span>${part}</span>`)}</small>`;
  }

  private retry(): void {
    void this.chat.guarded(() => this.chat.regenerate(this.answer.id));
  }

  private goOn(): void {
    void this.chat.guarded(() => this.chat.send('Go on.'));
  }

  /** The question is the element in front. */
  private edit(): void {
    const question = this.previousElementSibling as (Element & { edit?: () => void }) | null;
    question?.edit?.();
  }
}

customElements.define('answer-view', AnswerView);
