// Deals whole units out in proportion to weights, with a least and a most for each. Only arithmetic.

/**
 * How many of `total` units each gets: as nearly proportional to `weights` as whole units allow, in that the largest
 * units/weight is small; nobody more than its cap, and what a cap holds back goes to the others. With no weight nobody
 * gets any, unless the rest are full. Undefined if the caps together are less than `total`, or the least ones more.
 */
export function apportion(
  total: number,
  weights: readonly number[],
  caps: readonly number[],
  least: readonly number[] = weights.map(() => 0),
): number[] | undefined {
  if (caps.some((cap, i) => cap < least[i]) || sumOf(least) > total || sumOf(caps) < total) return undefined;
  const counts = fill(total, weights, caps).map(Math.floor);
  for (let left = total - sumOf(counts); left > 0; left--) counts[nextToGive(counts, weights, caps)]++;
  for (const [i, count] of counts.entries()) {
    for (let lacking = least[i] - count; lacking > 0; lacking--) {
      counts[fullest(counts, weights, least)]--;
      counts[i]++;
    }
  }
  return counts;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Real shares of `total` in proportion to `weights`, none above its cap; what all caps hold back is left over. */
export function fill(total: number, weights: readonly number[], caps: readonly number[]): number[] {
  const shares: (number | undefined)[] = weights.map((weight, i) => (weight > 0 && caps[i] > 0 ? undefined : 0));
  for (;;) {
    let [left, sum] = [total, 0];
    for (const [i, share] of shares.entries()) {
      left -= share ?? 0;
      if (share === undefined) sum += weights[i];
    }
    let capped = false;
    const open = Math.max(0, left);
    for (const [i, share] of shares.entries()) {
      if (share === undefined && (open * weights[i]) / sum > caps[i]) {
        shares[i] = caps[i];
        capped = true;
      }
    }
    if (!capped) return shares.map((share, i) => share ?? (open * weights[i]) / sum);
  }
}

/** Who has the least for its weight after one unit more. */
function nextToGive(counts: readonly number[], weights: readonly number[], caps: readonly number[]): number {
  let best = -1;
  for (const [i, count] of counts.entries()) {
    if (count >= caps[i]) continue;
    if (best < 0 || (count + 1) * weights[best] < (counts[best] + 1) * weights[i]) best = i;
  }
  return best;
}

/** Who has the most for its weight, and more than `least`. */
function fullest(counts: readonly number[], weights: readonly number[], least: readonly number[]): number {
  let best = -1;
  for (const [i, count] of counts.entries()) {
    if (count <= least[i]) continue;
    if (best < 0 || count * weights[best] > counts[best] * weights[i]) best = i;
  }
  return best;
}

/** Ranges of `counts` units one after another; the last unit of all may be shorter than `unit`. */
export function rangesOf(counts: readonly number[], unit: number, total: number): { start: number; end: number }[] {
  let units = 0;
  return counts.map((count) => {
    const start = Math.min(total, units * unit);
    units += count;
    return { start, end: Math.min(total, units * unit) };
  });
}
