// Numbers for tables and sentences, and lists shortened for display. Pure.

/** Thousands with commas, as in progress and tables. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ','); // toLocaleString takes 10 ms to load its tables.
}

/** A number with its noun: `1 key`, `2,000 keys`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Number of lines of one kind that are shown before the rest is only counted. */
export const MOST_LINES = 10;

/** The first lines, and how many more there are; all of them when one more line could hold the rest. */
export function fewOf(lines: readonly string[], most = MOST_LINES): string[] {
  return lines.length <= most + 1 ? [...lines] : [...lines.slice(0, most), `and ${formatCount(lines.length - most)} more like these (--json lists all)`];
}
