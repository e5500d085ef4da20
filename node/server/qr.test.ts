import fc from 'fast-check';
import { encode } from 'uqr';
import { expect, test } from 'vitest';
import { qrForPage, qrForTerminal } from './qr.ts';

type Modules = boolean[][];
const ADDRESS = 'https://192.168.1.10:9443/';
const QUIET = 4;

/** The code itself, after seeing that there are four light modules on every side. */
function withoutQuietZone(modules: Modules): Modules {
  const size = modules[0]!.length;
  const inside = (at: number) => at >= QUIET && at < size - QUIET;
  modules.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) expect(inside(x) && inside(y), `dark at ${x}, ${y}`).toBe(true);
    });
  });
  return modules.filter((_, y) => inside(y)).map((row) => row.filter((_, x) => inside(x)));
}

/** What a terminal shows: every line black on white from its start, and reset at its end. */
function readTerminal(drawn: string): Modules {
  return drawn.split('\n').flatMap((line) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read here
    const [, blocks] = line.match(/^\x1b\[38;5;16;48;5;231m([ ▀▄█]+)\x1b\[0m$/)!;
    return [[...blocks!].map((block) => '▀█'.includes(block)), [...blocks!].map((block) => '▄█'.includes(block))];
  });
}

function readPage(drawn: string): Modules {
  const size = Number(drawn.match(/viewBox="0 0 (\d+) \1"/)![1]);
  const modules: Modules = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const bars = drawn.match(/<path fill="#000" d="([^"]*)"/)![1]!;
  const drawnBars = [...bars.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)];
  expect(drawnBars.map(([bar]) => bar).join('')).toBe(bars); // nothing else is drawn
  for (const [, x, y, length] of drawnBars) modules[Number(y)]!.fill(true, Number(x), Number(x) + Number(length));
  return modules;
}

const expected = (text: string): Modules => encode(text, { ecc: 'M', border: 0 }).data;

test('what a terminal shows is the code of the text, with its quiet zone', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      const code = expected(text);
      const rows = readTerminal(qrForTerminal(text));
      expect(rows).toHaveLength(code.length + 2 * QUIET + 1); // an odd number, and half a line more
      expect(rows.at(-1)!.includes(true)).toBe(false);
      expect(withoutQuietZone(rows.slice(0, -1))).toEqual(code);
    }),
    { numRuns: 30 },
  );
});

test('what a page shows is the code of the text, with its quiet zone', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
      expect(withoutQuietZone(readPage(qrForPage(text)))).toEqual(expected(text));
    }),
    { numRuns: 30 },
  );
});

test('an address makes a code small enough for a terminal of 24 lines', () => {
  const lines = qrForTerminal(ADDRESS).split('\n');
  expect(lines.length).toBeLessThan(24);
});

test('the page paints its own background and colours, and needs no smoothing', () => {
  const drawn = qrForPage(ADDRESS);
  expect(drawn).toContain('shape-rendering="crispEdges"');
  const [, size] = drawn.match(/viewBox="0 0 (\d+) /)!;
  expect(drawn).toContain(`<path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/>`);
  expect([...drawn.matchAll(/fill="([^"]*)"/g)].map(([, colour]) => colour)).toEqual(['#fff', '#000']);
  expect(drawn).not.toContain('currentColor');
});
