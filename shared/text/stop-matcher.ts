// Finds where an answer must end, in a text that arrives in pieces, and never gives out text that might belong to a stop
// string. What comes out does not depend on how the text was cut into pieces. Knows strings only.

export interface StopMatcher {
  /** The text that is safe to show. Once `stopped`, the stop string and everything after it is dropped. */
  push(text: string): { readonly text: string; readonly stopped: boolean };
  /** The text ended: what was held back was no stop string after all. */
  flush(): string;
}

/**
 * The text ends as soon as a stop string is complete. If several are complete at once, the longest counts, so nothing of
 * any is shown. Empty stop strings mean nothing.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const searches = [...new Set(stops)].filter((stop) => stop !== '').map(createSearch);
  let held = '';
  let stopped = false;
  return {
    push(text) {
      if (stopped) return { text: '', stopped };
      const pending = held + text;
      for (let at = held.length; at < pending.length; at++) {
        let longest = 0;
        for (const search of searches) if (search.advance(pending[at]!)) longest = Math.max(longest, search.matched);
        if (longest === 0) continue;
        stopped = true;
        held = '';
        return { text: pending.slice(0, at + 1 - longest), stopped };
      }
      const safe = pending.length - Math.max(0, ...searches.map((search) => search.matched));
      held = pending.slice(safe);
      return { text: pending.slice(0, safe), stopped };
    },
    flush() {
      const rest = held;
      held = '';
      for (const search of searches) search.matched = 0;
      return rest;
    },
  };
}

/** Knuth, Morris and Pratt's search: after each unit, how much of the stop string the text now ends with. */
interface Search {
  matched: number;
  /** Whether the stop string is complete with this unit. */
  advance(unit: string): boolean;
}

function createSearch(stop: string): Search {
  // fallback[n]: the longest proper prefix of the first n units that is also their suffix
  const fallback = [0, 0];
  const next = (matched: number, unit: string): number => {
    let length = matched;
    while (length > 0 && stop[length] !== unit) length = fallback[length]!;
    return stop[length] === unit ? length + 1 : 0;
  };
  for (let n = 1; n < stop.length; n++) fallback.push(next(fallback[n]!, stop[n]!));
  return {
    matched: 0,
    advance(unit) {
      this.matched = next(this.matched, unit);
      return this.matched === stop.length;
    },
  };
}
