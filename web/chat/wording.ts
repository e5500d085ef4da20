// How numbers and days are said to a reader. Pure: the present is an argument.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const counted = (count: number, noun: string): string =>
  `${number.format(count)} ${noun}${count === 1 ? '' : 's'}`;

export const rate = (perSecond: number): string =>
  `${perSecond < 10 ? perSecond.toFixed(1) : number.format(perSecond)} tokens/s`;

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** The heading under which a list shows something of that time. */
export function dayGroup(at: number, now: number): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return 'Last week';
  if (days < 30) return 'Last month';
  return new Date(at).toLocaleDateString('en', { month: 'long', year: 'numeric' });
}

function startOfDay(at: number): number {
  const day = new Date(at);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}
