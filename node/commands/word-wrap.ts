// Breaks lines between words while text streams into a terminal. A word is shown letter by letter as it comes; if it turns
// out not to fit, it is taken back and set on the next line.

/** Characters that take two columns: East Asian ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Characters that take none, since they change the one before. */
const COMBINING = /[\p{Mn}\p{Me}\p{Cf}]/u;
const TAB_STOPS = 8;

export class WordWrap {
  private readonly columns: () => number;
  private column = 0;
  private word = '';
  private wordWidth = 0;

  /** `columns`: the terminal's width, which may change meanwhile. The cursor is at a line's beginning. */
  constructor(columns: () => number) {
    this.columns = columns;
  }

  /** What to write to the terminal for the next piece of text. */
  push(text: string): string {
    let output = '';
    for (const character of text) output += this.add(character);
    return output;
  }

  private add(character: string): string {
    if (character === '\n') return this.breakLine();
    if (character === ' ' || character === '\t') {
      this.endWord();
      const width = character === ' ' ? 1 : TAB_STOPS - (this.column % TAB_STOPS);
      // A space at the edge becomes the line break.
      if (this.column + width > this.columns()) return this.breakLine();
      this.column += width;
      return character;
    }
    const width = widthOf(character);
    const output = this.column + width > this.columns() ? this.moveWordDown(width) : '';
    this.word += character;
    this.wordWidth += width;
    this.column += width;
    return output + character;
  }

  private breakLine(): string {
    this.column = 0;
    this.endWord();
    return '\n';
  }

  private endWord(): void {
    this.word = '';
    this.wordWidth = 0;
  }

  /** A word that began its line cannot be helped: it goes on in the next. */
  private moveWordDown(width: number): string {
    if (this.wordWidth === this.column || this.wordWidth + width > this.columns()) return this.breakLine();
    this.column = this.wordWidth;
    return this.wordWidth === 0 ? '\n' : `\x1b[${this.wordWidth}D\x1b[K\n${this.word}`;
  }
}

function widthOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
