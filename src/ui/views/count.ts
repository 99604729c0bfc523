// Numbers for tables and sentences, and lists and texts shortened for display. Pure.
import { counted as countedPlain } from '../../cluster/counted.js';

/** Thousands with commas, as in progress and tables. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ','); // toLocaleString takes 10 ms to load its tables.
}

/** A number with its noun: `1 key`, `2,000 keys`; with a verb `1 key is`, `2,000 keys are`. */
export function counted(count: number, noun: string, verbs?: readonly [one: string, many: string]): string {
  return countedPlain(count, noun, verbs, formatCount);
}

/** Number of lines of one kind that are shown before the rest is only counted. */
export const MAX_LINES = 10;

/** The first lines, and how many more there are; all of them when one more line could hold the rest. */
export function fewOf(lines: readonly string[], most = MAX_LINES): string[] {
  return lines.length <= most + 1 ? [...lines] : [...lines.slice(0, most), `and ${formatCount(lines.length - most)} more like these (--json lists all)`];
}

/** The text, cut to `width` characters with `…` at its end. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
