// The end of a Markdown text that is still being written, as it will probably look: marks that are open are closed, and a
// last line that is nothing but marks waits for more. So text does not jump as the second mark comes. Strings only.

/** Could yet become a heading, a list, a rule, a quotation, a fence, or the underline that makes a heading of a line. */
const ONLY_MARKS = /^[ \t]*(?:[-=+*_>#~`|]+|\d{1,9}[.)]?)[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export function healed(text: string): string {
  const lines = text.split('\n');
  const open = openFence(lines);
  if (open !== undefined) {
    // The first backticks of the closing fence are no code.
    return /^ {0,3}(`+|~+)$/.test(lines.at(-1)!) && open !== lines.length - 1 ? lines.slice(0, -1).join('\n') : text;
  }
  if (ONLY_MARKS.test(lines.at(-1)!)) lines.pop();
  const start = lines.findLastIndex((line) => line.trim() === '' || FENCE.test(line)) + 1;
  const kept = lines.slice(0, start);
  const paragraph = lines.slice(start).join('\n');
  return [...kept, closed(paragraph)].join('\n');
}

/** The line of a fence that is not closed. */
function openFence(lines: readonly string[]): number | undefined {
  let fence = '';
  let opened: number | undefined;
  for (const [at, line] of lines.entries()) {
    const mark = FENCE.exec(line)?.[1];
    if (mark === undefined) continue;
    if (opened === undefined) [fence, opened] = [mark, at];
    else if (mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) opened = undefined;
  }
  return opened;
}

function closed(paragraph: string): string {
  const ticks = paragraph.match(/`+/g) ?? [];
  if (ticks.length % 2 === 1) {
    const last = ticks.at(-1)!;
    return paragraph.endsWith(last) ? paragraph.slice(0, -last.length) : paragraph + last;
  }
  const outsideCode = paragraph.replaceAll(/(`+)[\s\S]*?\1/g, (code) => ' '.repeat(code.length));
  const link = /!?\[[^\]\n]*(?:\]\([^)\s]*)?$/.exec(outsideCode);
  if (link) {
    const shown = paragraph
      .slice(link.index)
      .replace(/^!?\[/, '')
      .replace(/\]\(.*$/s, '');
    return closed(paragraph.slice(0, link.index) + shown);
  }
  return closedEmphasis(paragraph, outsideCode);
}

function closedEmphasis(paragraph: string, outsideCode: string): string {
  const text = paragraph.trimEnd();
  const flat = outsideCode.slice(0, text.length);
  // A mark at the very end opens something that has no text yet.
  const dangling = /(?:^|[\s(])([*_~]{1,3})$/.exec(flat)?.[1];
  if (dangling) return text.slice(0, -dangling.length);
  let rest = flat.replaceAll(/^[ \t]*[*+-] /gm, (bullet) => ' '.repeat(bullet.length));
  let closing = '';
  for (const mark of ['**', '~~', '*'] as const) {
    const parts = rest.split(mark);
    const last = parts.at(-1)!;
    if (parts.length % 2 === 0 && /^\S/.test(last)) {
      // Of a mark of two the first may be there already.
      const begun = mark.length === 2 && last.endsWith(mark[0]!) ? mark[0]! : mark;
      closing = begun + closing;
      if (begun.length < mark.length) rest = rest.slice(0, -1);
    }
    rest = rest.replaceAll(mark, ' '.repeat(mark.length));
  }
  return text + closing;
}
