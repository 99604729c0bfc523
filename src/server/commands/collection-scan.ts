// HSCAN, SSCAN and ZSCAN: one cursor step over a collection, filtered afterwards (persistence-replication.md 6.5).
import type { ServerReply } from '../../resp/server-reply.js';
import { intArg, wordAfter } from '../exec/arguments.js';
import { INVALID_CURSOR, SYNTAX } from '../errors.js';
import { matchGlob } from '../../resp/glob.js';

export interface ScanOptions {
  count: number;
  match: string | null;
  /** TYPE of SCAN; null when absent. */
  type: string | null;
}

/** An unsigned 64-bit cursor; a negative one wraps around, as in strtoul. Cursors returned by this node fit in 2^53. */
export function cursorArg(text: string): number {
  if (text === '') return 0; // as in strtoul
  if (!/^-?[0-9]+$/.test(text)) throw INVALID_CURSOR;
  const value = BigInt(text);
  if (value > 18_446_744_073_709_551_615n || value < -18_446_744_073_709_551_615n) throw INVALID_CURSOR;
  return Number(BigInt.asUintN(64, value));
}

/** `MATCH p`, `COUNT n` and, for SCAN, `TYPE t` from word `from` on. */
export function scanOptions(args: readonly string[], from: number, withType: boolean): ScanOptions {
  const options: ScanOptions = { count: 10, match: null, type: null };
  for (let i = from; i < args.length; i += 2) {
    const word = args[i]!.toUpperCase();
    const value = wordAfter(args, i);
    if (word === 'COUNT') {
      options.count = intArg(value);
      if (options.count < 1) throw SYNTAX;
    } else if (word === 'MATCH') options.match = value === '*' ? null : value;
    else if (word === 'TYPE' && withType) options.type = value;
    else throw SYNTAX;
  }
  return options;
}

interface Scannable<T> {
  scan(cursor: number, count: number, out: T): number;
}

/**
 * One step. `width` is 1 for members, 2 for field-value and member-score pairs. `open` looks the collection up after the cursor
 * was parsed, as Redis does. `shape` turns the result of `scan` into flat text.
 */
export function collectionScan<T>(
  args: readonly string[],
  width: 1 | 2,
  open: () => Scannable<T> | undefined,
  shape: (gathered: T) => string[],
  empty: () => T = () => [] as unknown as T,
): ServerReply {
  const cursor = cursorArg(args[2]!);
  const collection = open();
  if (collection === undefined) return ['0', []];
  const options = scanOptions(args, 3, false);
  const out = empty();
  const next = collection.scan(cursor, options.count, out);
  return [String(next), filter(shape(out), width, options.match)];
}

function filter(flat: string[], width: 1 | 2, match: string | null): string[] {
  if (match === null) return flat;
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += width) {
    if (!matchGlob(match, flat[i]!)) continue;
    for (let j = 0; j < width; j++) kept.push(flat[i + j]!);
  }
  return kept;
}
