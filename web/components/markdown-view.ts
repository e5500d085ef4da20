// Shows Markdown that may still grow. Each block has an element of its own, which is touched only when the block changes:
// what is selected stays selected, and finished text never flickers.

import { css, LitElement } from 'lit';
import { type Block, blocksOf } from '../chat/markdown.ts';
import { baseStyles } from './base-styles.ts';
import { copyText } from './clipboard.ts';
import { markdownStyles } from './markdown-styles.ts';
import { safeNodes } from './safe-html.ts';

const COPIED_MS = 1600;

export class MarkdownView extends LitElement {
  static override styles = [
    baseStyles,
    markdownStyles,
    css`
      :host {
        display: block;
      }
    `,
  ];
  static override properties = { text: { attribute: false }, growing: { type: Boolean } };

  declare text: string;
  declare growing: boolean;
  private blocks: readonly Block[] = [];
  private body: HTMLElement | undefined;

  constructor() {
    super();
    this.text = '';
    this.growing = false;
  }

  override updated(): void {
    if (!this.body) {
      this.body = document.createElement('div');
      this.body.className = 'body';
      this.body.addEventListener('click', (event) => void this.clicked(event));
      this.renderRoot.append(this.body);
    }
    const blocks = blocksOf(this.text, !this.growing, this.blocks);
    for (const [at, block] of blocks.entries()) {
      if (this.blocks[at]?.html === block.html) continue;
      const element = this.body.children[at] ?? this.body.appendChild(document.createElement('div'));
      element.replaceChildren(safeNodes(block.html));
    }
    while (this.body.children.length > blocks.length) this.body.lastElementChild!.remove();
    this.blocks = blocks;
    this.body.classList.toggle('growing', this.growing);
  }

  private async clicked(event: Event): Promise<void> {
    const button = event.target as Element;
    if (!button.matches('button.copy')) return;
    const code = button.closest('.code')?.querySelector('code')?.textContent ?? '';
    if (!(await copyText(code))) return;
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, COPIED_MS);
  }
}

customElements.define('markdown-view', MarkdownView);
