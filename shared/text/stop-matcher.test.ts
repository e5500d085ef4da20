import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStopMatcher } from './stop-matcher.ts';

/** What the definition says: at the first place where a stop string is complete, cut before the longest that is. */
function naive(text: string, stops: readonly string[]): string | undefined {
  for (let end = 1; end <= text.length; end++) {
    const ended = stops.filter((stop) => stop !== '' && text.slice(0, end).endsWith(stop));
    if (ended.length > 0) return text.slice(0, end - Math.max(...ended.map((stop) => stop.length)));
  }
  return undefined;
}

/** The end of the text that may yet become a stop string. */
const undecided = (text: string, stops: readonly string[]): number =>
  Math.max(0, ...stops.flatMap((stop) => [...stop].map((_, n) => (text.endsWith(stop.slice(0, n)) ? n : 0))));

const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength });
const chunks = fc.array(letters(5), { maxLength: 20 });
const anyStops = fc.array(letters(5), { maxLength: 4 });

describe('createStopMatcher', () => {
  test('finds what a search of the whole text finds, however it is cut', () => {
    fc.assert(
      fc.property(chunks, anyStops, (parts, stops) => {
        const matcher = createStopMatcher(stops);
        const pushed = parts.map((part) => matcher.push(part));
        const stopped = pushed.at(-1)?.stopped ?? false;
        const text = pushed.map((result) => result.text).join('') + matcher.flush();
        const expected = naive(parts.join(''), stops);
        expect(stopped).toBe(expected !== undefined);
        expect(text).toBe(expected ?? parts.join(''));
      }),
      { numRuns: 5000 },
    );
  });

  test('where no stop string is inside another, that is the first occurrence', () => {
    fc.assert(
      fc.property(letters(40), anyStops, (text, all) => {
        const stops = all.filter((stop) => stop && !all.some((other) => other !== stop && other.includes(stop)));
        const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
        const expected = found.length === 0 ? undefined : text.slice(0, Math.min(...found));
        const { text: shown, stopped } = createStopMatcher(stops).push(text);
        expect(stopped ? shown : undefined).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('holds back what may become a stop string, and nothing more', () => {
    fc.assert(
      fc.property(chunks, anyStops, (parts, stops) => {
        const matcher = createStopMatcher(stops);
        let whole = '';
        let shown = '';
        for (const part of parts) {
          whole += part;
          const result = matcher.push(part);
          if (result.stopped) return;
          shown += result.text;
          expect(shown).toBe(whole.slice(0, whole.length - undecided(whole, stops)));
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a stop string in pieces', () => {
    const matcher = createStopMatcher(['</s>', '\n\nUser:']);
    expect(['Hi', ' <', '/b>', '\n', '\nUs'].map((part) => matcher.push(part).text)).toEqual([
      'Hi',
      ' ',
      '</b>',
      '',
      '',
    ]);
    expect(matcher.push('er: what?')).toEqual({ text: '', stopped: true });
    expect(matcher.push('more')).toEqual({ text: '', stopped: true });
    expect(matcher.flush()).toBe('');
  });

  test('no stop strings', () => {
    const matcher = createStopMatcher(['']);
    expect(matcher.push('abc')).toEqual({ text: 'abc', stopped: false });
  });

  test('the end of the text gives back what was held', () => {
    const matcher = createStopMatcher(['stop']);
    expect(matcher.push('a sto').text).toBe('a ');
    expect(matcher.flush()).toBe('sto');
    expect(matcher.push('p').text).toBe('p');
  });
});
