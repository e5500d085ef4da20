// How a report lays out its lines: labels with their colons below each other, and tables. Knows strings only.

/** `label: value` with the colons below each other. */
export function labelled(lines: readonly (readonly [label: string, value: string])[]): string[] {
  const width = 3 + Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, value]) => `${label.padStart(width)}: ${value}`);
}

/** Columns as wide as their widest cell, the first aligned left and the others, numbers, right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)));
    return `   ${cells.join('  ')}`;
  });
}

/** A share from 0 to 1. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
