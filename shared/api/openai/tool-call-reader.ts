// Finds calls of tools in an answer while it is written: what is text goes on as text, a call is announced by its name as
// soon as that is there, and then its arguments piece by piece. What looked like a call and was none comes out as text.

import { JsonValueScanner } from './json-value-scanner.ts';
import type { ToolNotation } from './tool-notation.ts';

export type AnswerPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly name: string }
  /** Of the last call; all together are one JSON value. */
  | { readonly type: 'arguments'; readonly text: string };

const NAME_FIRST = /^\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"(?:arguments|parameters)"\s*:\s*(?=\{)/;
/** Of a call, without the arguments: longer ones are none. */
const LONGEST_HEAD = 4096;

type State = 'text' | 'head' | 'arguments' | 'tail';

export class ToolCallReader {
  private readonly notation: ToolNotation;
  private readonly names: ReadonlySet<string>;
  private state: State = 'text';
  private held = '';
  /** What was taken for the beginning of the present call, to be given back if it is none. */
  private opened = '';
  private scanner = new JsonValueScanner();
  private hasText = false;
  private parts: AnswerPart[] = [];

  /** `names`: of the tools there are. Where calls have no tags, only those count. */
  constructor(notation: ToolNotation, names: Iterable<string>) {
    this.notation = notation;
    this.names = new Set(names);
  }

  push(text: string): AnswerPart[] {
    this.held += text;
    while (this.advance());
    return this.given();
  }

  /** The answer has ended. */
  flush(): AnswerPart[] {
    if (this.state === 'head') this.giveBack();
    if (this.state === 'text') this.emitText(this.held);
    this.held = '';
    return this.given();
  }

  private given(): AnswerPart[] {
    const { parts } = this;
    this.parts = [];
    return parts;
  }

  /** Whether there may be more to do. */
  private advance(): boolean {
    switch (this.state) {
      case 'text':
        return this.readText();
      case 'head':
        return this.readHead();
      case 'arguments':
        return this.readArguments();
      case 'tail':
        return this.readTail();
    }
  }

  private readText(): boolean {
    const { opening } = this.notation;
    if (opening === '') {
      const blank = /^\s*/.exec(this.held)![0];
      if (blank.length === this.held.length) return false;
      if (!this.hasText && this.held[blank.length] === '{') return this.open(blank.length);
      this.emitText(this.held);
      this.held = '';
      return false;
    }
    const at = this.held.indexOf(opening);
    if (at >= 0) {
      this.emitText(this.held.slice(0, at));
      this.held = this.held.slice(at);
      return this.open(opening.length);
    }
    const kept = overlap(this.held, opening);
    this.emitText(this.held.slice(0, this.held.length - kept));
    this.held = this.held.slice(this.held.length - kept);
    return false;
  }

  private open(length: number): boolean {
    this.opened = this.held.slice(0, length);
    this.held = this.held.slice(length);
    this.state = 'head';
    this.scanner = new JsonValueScanner();
    return true;
  }

  private readHead(): boolean {
    const start = /^[\s,;]*\[?\s*/.exec(this.held)![0].length;
    const body = this.held.slice(start);
    if (body === '') return false;
    if (body[0] !== '{') return this.giveBack();
    const head = NAME_FIRST.exec(body);
    const name = head && (JSON.parse(head[1]!) as string);
    if (head && this.counts(name!)) {
      this.parts.push({ type: 'call', name: name! });
      this.held = body.slice(head[0].length);
      this.state = 'arguments';
      this.scanner = new JsonValueScanner();
      return true;
    }
    // In another order, or with arguments in quotes: read when it is whole.
    const length = new JsonValueScanner().push(body);
    if (length === undefined) return body.length > LONGEST_HEAD && !head ? this.giveBack() : false;
    const call = this.callOf(body.slice(0, length));
    if (!call) return this.giveBack();
    this.parts.push({ type: 'call', name: call.name }, { type: 'arguments', text: call.arguments });
    this.held = body.slice(length);
    this.state = 'tail';
    return true;
  }

  private callOf(text: string): { name: string; arguments: string } | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const { name, arguments: named, parameters = named } = value as Record<string, unknown>;
    if (typeof name !== 'string' || !this.counts(name)) return undefined;
    return { name, arguments: typeof parameters === 'string' ? parameters : JSON.stringify(parameters ?? {}) };
  }

  private counts(name: string): boolean {
    return this.notation.opening !== '' || this.names.has(name);
  }

  private readArguments(): boolean {
    const end = this.scanner.push(this.held);
    const text = this.held.slice(0, end ?? this.held.length);
    if (text !== '') this.parts.push({ type: 'arguments', text });
    this.held = this.held.slice(text.length);
    if (end === undefined) return false;
    this.state = 'tail';
    return true;
  }

  /** Behind a call stand brackets and tags, then perhaps another call. */
  private readTail(): boolean {
    const { opening, closing } = this.notation;
    this.held = this.held.replace(/^[\s}\],;]+/, '');
    if (this.held === '') return false;
    if (closing !== '' && this.held.startsWith(closing)) {
      this.held = this.held.slice(closing.length);
      return true;
    }
    for (const mark of [closing, opening])
      if (mark !== '' && mark.length > this.held.length && mark.startsWith(this.held)) return false;
    if (opening !== '' && this.held.startsWith(opening)) return this.open(opening.length);
    if (this.held[0] === '{') return this.open(0);
    this.state = 'text';
    this.hasText = true;
    return true;
  }

  /** It was no call. */
  private giveBack(): boolean {
    this.emitText(this.opened);
    this.state = 'text';
    this.hasText = true;
    return true;
  }

  private emitText(text: string): void {
    if (text === '') return;
    if (text.trim() !== '') this.hasText = true;
    this.parts.push({ type: 'text', text });
  }
}

/** How much of the end of `text` may be the beginning of `mark`. */
function overlap(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (mark.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
