// SORT's patterns for other keys (`weight_*`, `obj_*->field`), and text as numbers.
import type { Database } from '../../keyspace/database.js';
import { HashValue } from '../../types/hash.js';
import { isString, stringOf } from '../../types/value.js';

/**
 * The string that a pattern yields for an element: `#` is the element itself, the first `*` is replaced by it, and `->field`
 * reads a hash field. null for a missing key or field, another type, or a pattern without `*`.
 */
export function lookupPattern(db: Database, pattern: string, element: string): string | null {
  if (pattern === '#') return element;
  const star = pattern.indexOf('*');
  if (star < 0) return null;
  const arrow = pattern.indexOf('->', star + 1);
  const field = arrow >= 0 && arrow + 2 < pattern.length ? pattern.slice(arrow + 2) : null;
  const key = pattern.slice(0, star) + element + pattern.slice(star + 1, field === null ? undefined : arrow);
  const value = db.lookupRead(key);
  if (value === undefined) return null;
  if (field !== null) return value instanceof HashValue ? (value.get(field) ?? null) : null;
  return isString(value) ? stringOf(value) : null;
}

const SPECIAL = /^[+-]?inf(?:inity)?$/i;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/**
 * A number as the C library's strtod reads a whole text: leading blanks, hexadecimal and infinities included, the empty text is
 * 0, and text after a NUL is ignored. null for everything else, also outside the range of a double.
 */
export function sortScore(text: string): number | null {
  const nul = text.indexOf('\0');
  const whole = nul < 0 ? text : text.slice(0, nul);
  if (whole === '') return 0;
  const body = whole.replace(/^[\t-\r ]+/, '');
  if (SPECIAL.test(body)) return body.startsWith('-') ? -Infinity : Infinity;
  const value = DECIMAL.test(body) ? Number(body) : hexadecimal(body);
  if (value === null || !Number.isFinite(value)) return null;
  const underflow = Math.abs(value) < SMALLEST_NORMAL && /[1-9a-f]/i.test(body.replace(/[ep].*$/i, '').replace(/^[+-]?0x/i, ''));
  return underflow ? null : value;
}

function hexadecimal(text: string): number | null {
  const match = HEXADECIMAL.exec(text);
  if (!match || (match[2] === '' && match[3] === '')) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const mantissa = Number(`0x0${whole}${fraction}`);
  const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}
