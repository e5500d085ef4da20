// Tells a model's thoughts from its answer where both come in one text, the thoughts first and between tags. Looks at the
// whole text so far, so it does not matter in what pieces it came. Knows strings only.

const OPEN = '<think>';
const CLOSE = '</think>';

export interface Parts {
  readonly thinking: string;
  readonly text: string;
  /** It still thinks: the closing tag has not come. */
  readonly isThinking: boolean;
}

export function partsOf(text: string): Parts {
  const start = text.trimStart();
  if (start === '' || (start.length < OPEN.length && OPEN.startsWith(start))) {
    return { thinking: '', text: '', isThinking: start !== '' };
  }
  // Some templates open the tag in the prompt, so that only its end is written.
  const from = start.startsWith(OPEN) ? OPEN.length : 0;
  const end = start.indexOf(CLOSE);
  if (end >= 0 && (from > 0 || !start.slice(0, end).includes('```'))) {
    return {
      thinking: start.slice(from, end).trim(),
      text: start.slice(end + CLOSE.length).trimStart(),
      isThinking: false,
    };
  }
  if (from === 0) return { thinking: '', text, isThinking: false };
  return { thinking: withoutTail(start.slice(from)).trim(), text: '', isThinking: true };
}

export const withoutThinking = (text: string): string => partsOf(text).text;

/** Without what may become the closing tag. */
function withoutTail(text: string): string {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (CLOSE.startsWith(text.slice(-length))) return text.slice(0, -length);
  }
  return text;
}
