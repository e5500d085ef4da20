// Takes server-sent events out of a text that arrives in pieces. The result does not depend on how it was cut. Knows the
// form of such streams and nothing of what is in them; event names and ids are not needed and left out.

export interface EventReader {
  /** The data of the events that are complete with this piece. */
  push(text: string): string[];
}

export function createEventReader(): EventReader {
  let pending = '';
  let afterReturn = false;
  let data: string[] = [];

  function line(text: string, done: string[]): void {
    if (text === '') {
      if (data.length > 0) done.push(data.join('\n'));
      data = [];
    } else if (text === 'data') {
      data.push('');
    } else if (text.startsWith('data:')) {
      data.push(text.slice(text[5] === ' ' ? 6 : 5));
    }
  }

  return {
    push(text) {
      const done: string[] = [];
      // A line may end with \r\n of which the \n comes in the next piece.
      const fresh = afterReturn && text.startsWith('\n') ? text.slice(1) : text;
      if (text !== '') afterReturn = text.endsWith('\r');
      const lines = (pending + fresh).split(/\r\n|\r|\n/);
      pending = lines.pop()!;
      for (const one of lines) line(one, done);
      return done;
    },
  };
}
