// A layout as a small table for terminals: who holds what.

import type { ModelHeader } from '../model/header.ts';
import { type Range, rangeLength } from '../units.ts';
import type { Layout } from './layout.ts';
import { weightBytes } from './memory.ts';

/** One line a rank below a line of titles. `share` is the rank's part of all weights that are held. */
export function formatLayout(layout: Layout, header: ModelHeader): string[] {
  const bytes = layout.stages.flat().map(({ slice }) => weightBytes(header, slice));
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const rows = [['stage', 'node', 'layers', 'heads', 'hidden', 'share']];
  for (const [stage, ranks] of layout.stages.entries()) {
    for (const { node, slice } of ranks) {
      const share = `${((100 * bytes[rows.length - 1]) / total).toFixed(1)} %`;
      rows.push([String(stage), node, span(slice.layers), span(slice.heads), span(slice.hidden), share]);
    }
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  // Names to the left, all else to the right.
  return rows.map((row) =>
    row.map((cell, i) => (i === 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
}

const span = ({ start, end }: Range): string => (rangeLength({ start, end }) === 0 ? '-' : `${start}-${end - 1}`);
