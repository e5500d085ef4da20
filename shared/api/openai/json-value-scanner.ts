// Finds where a JSON object or array ends in text that comes in pieces. It counts brackets outside of strings and checks
// nothing else.

export class JsonValueScanner {
  private depth = 0;
  private inString = false;
  private escaped = false;

  /** Where in this piece the value ends; undefined if it goes on. A value that is neither object nor array never ends. */
  push(text: string): number | undefined {
    for (let i = 0; i < text.length; i++) {
      const character = text[i];
      if (this.escaped) this.escaped = false;
      else if (this.inString) {
        if (character === '\\') this.escaped = true;
        else if (character === '"') this.inString = false;
      } else if (character === '"') this.inString = true;
      else if (character === '{' || character === '[') this.depth++;
      else if ((character === '}' || character === ']') && --this.depth === 0) return i + 1;
    }
    return undefined;
  }
}
