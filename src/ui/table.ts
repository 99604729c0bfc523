// Tables for display, fitted to the width of the terminal: less important columns are left out, then texts are cut. Loads
// cli-table3 with the first table. A cell is one line.
import { stripVTControlCharacters } from 'node:util';
import type { Io } from './io.js';
import type { Style } from './style.js';

export interface Column {
  readonly title: string;
  /** Numbers are right-aligned. */
  readonly align?: 'left' | 'right';
  /** Left out when the width is insufficient, the highest number first; never when absent. */
  readonly dispensable?: number;
  /** Texts may be cut when leaving out columns is not enough. */
  readonly cuttable?: boolean;
}

type Row = readonly string[];

const border = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
};
/** Blanks between two columns. */
const GAP = 2;
/** Minimum width of a cut text. Columns are left out before a text gets less than `FAIR`. */
const LEAST = 8;
const FAIR = 20;

/** From this number of rows on longTable draws the table: the library's time is quadratic in the number of rows. */
const MANY_ROWS = 1000;

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

function widthsOf(columns: readonly Column[], rows: readonly Row[]): number[] {
  return columns.map(({ title }, at) => rows.reduce((widest, row) => Math.max(widest, widthOf(row[at] ?? '')), title.length));
}

/** Escape sequences have no width and are all kept, so that a cut text ends its colours. */
const PIECES = new RegExp(String.raw`\u001b\[[\d;]*m|[^\u001b]`, 'gu');

/** The first `width` columns of a text, the last of them `…` when it was cut. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let room = width - 1;
  return (text.match(PIECES) ?? []).map((piece) => (piece.startsWith('\u001b') ? piece : room > 0 ? (room--, piece) : room === 0 ? (room--, '…') : '')).join('');
}

/** The columns and rows fitted to a width, as far as possible. */
export function fitted(columns: readonly Column[], rows: readonly Row[], width: number): { readonly columns: readonly Column[]; readonly rows: readonly Row[] } {
  const widths = widthsOf(columns, rows);
  let kept = columns.map((_, at) => at).filter((at) => (widths[at] ?? 0) > 0);
  const total = (most = Infinity): number => kept.reduce((sum, at) => sum + Math.min(widths[at] ?? 0, columns[at]?.cuttable === true ? most : Infinity), GAP * (kept.length - 1));
  const order = kept.filter((at) => columns[at]?.dispensable !== undefined).sort((a, b) => (columns[b]?.dispensable ?? 0) - (columns[a]?.dispensable ?? 0));
  for (const at of order) if (total(FAIR) > width) kept = kept.filter((one) => one !== at);
  for (const at of kept) {
    const excess = total() - width;
    if (excess > 0 && columns[at]?.cuttable === true) widths[at] = Math.max(LEAST, (widths[at] ?? 0) - excess);
  }
  const cell = (row: Row, at: number): string => cutText(row[at] ?? '', widths[at] ?? 0);
  return { columns: kept.flatMap((at) => columns[at] ?? []), rows: rows.map((row) => kept.map((at) => cell(row, at))) };
}

/** Draws rows below their titles, without a frame, so that the text can be selected. No line is wider than the terminal. */
export async function drawTable(io: Pick<Io, 'style' | 'tableWidth'>, columns: readonly Column[], rows: readonly Row[]): Promise<string> {
  const lines = rows.map((row) => row.map((cell) => cell.replace(/\r?\n/g, '\\n')));
  const fit = fitted(columns, lines, io.tableWidth);
  return rows.length >= MANY_ROWS ? longTable(io.style, fit.columns, fit.rows) : shortTable(io.style, fit.columns, fit.rows);
}

async function shortTable(style: Style, columns: readonly Column[], rows: readonly Row[]): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    chars: border,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: columns.map((column) => style.faint(column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A table of many rows, in linear time. Characters of double width count as one. */
function longTable(style: Style, columns: readonly Column[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => style.faint(column.title)), ...rows];
  const widths = widthsOf(columns, rows);
  const padded = (cell: string, at: number): string => {
    const gap = ' '.repeat((widths[at] ?? 0) - widthOf(cell));
    return columns[at]?.align === 'right' ? gap + cell : cell + gap;
  };
  return lines.map((line) => columns.map((_, at) => padded(line[at] ?? '', at)).join('  ').trimEnd()).join('\n');
}
