// Draws a text, an address most of all, as a QR code: for terminals and for pages. Which text, and whether the terminal
// can show it, the caller knows.

import { encode } from 'uqr';

/** Light modules around the code, as its standard asks for. */
const QUIET_ZONE = 4;

/** The 256 colours' own black on white, which no theme changes. */
const BLACK_ON_WHITE = '\x1b[38;5;16;48;5;231m';
const RESET = '\x1b[0m';

/** Rows of modules, true for dark ones, with the quiet zone. */
const modulesOf = (text: string): readonly (readonly boolean[])[] =>
  encode(text, { border: QUIET_ZONE, ecc: 'M' }).data;

/**
 * Lines for a terminal, two rows of modules a line, the last line without its end. Sets both colours, so it can be read
 * on dark and light terminals; without colours (NO_COLOR, a file) print the address instead.
 */
export function qrForTerminal(text: string): string {
  const rows = modulesOf(text);
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    const upper = rows[y]!;
    const lower = rows[y + 1] ?? []; // below an odd number of rows: light
    const blocks = upper.map((dark, x) => (dark ? (lower[x] ? '█' : '▀') : lower[x] ? '▄' : ' '));
    lines.push(BLACK_ON_WHITE + blocks.join('') + RESET);
  }
  return lines.join('\n');
}

/** An SVG element without a size of its own, a module one unit. Black on white, whatever the page's colours are. */
export function qrForPage(text: string): string {
  const rows = modulesOf(text);
  const size = rows.length;
  const bars = rows.flatMap((row, y) => runsOf(row).map(({ from, length }) => `M${from} ${y}h${length}v1h-${length}z`));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code" ` +
    `shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/>` +
    `<path fill="#000" d="${bars.join('')}"/></svg>`
  );
}

/** Where dark modules lie side by side. */
function runsOf(row: readonly boolean[]): { from: number; length: number }[] {
  const runs: { from: number; length: number }[] = [];
  row.forEach((dark, x) => {
    if (!dark) return;
    const last = runs.at(-1);
    if (last && last.from + last.length === x) last.length += 1;
    else runs.push({ from: x, length: 1 });
  });
  return runs;
}
