// Numbers as Redis reads and prints them: strict 64-bit integers and doubles. 80-bit long doubles are in long-double.ts.

import { INT64_MAX, INT64_MIN, narrow } from '../../rdb/int64.js';
import type { Int64 } from '../../rdb/int64.js';

export { INT64_MAX, INT64_MIN, narrow, parseInt64 } from '../../rdb/int64.js';
export type { Int64 } from '../../rdb/int64.js';

/** True when `value` lies in the signed 64-bit range. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** a + b, or null when the sum leaves 64 bits (INCRBY, HINCRBY). */
export function addInt64(a: Int64, b: Int64): Int64 | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return fitsInt64(sum) ? narrow(sum) : null;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/**
 * Reads a double as strtod does and Redis accepts it: decimal, hexadecimal and infinity, no blanks. Null for anything else:
 * NaN, and numbers that overflow or underflow to zero (persistence-replication.md 9.1).
 */
export function parseDouble(text: string): number | null {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value) || (value === 0 && /^[^eE]*[1-9]/.test(text))) return null;
    return value;
  }
  const infinite = INFINITY.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return parseHexDouble(text);
}

function parseHexDouble(text: string): number | null {
  const parts = HEX.exec(text);
  if (parts === null) return null;
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  if (whole + fraction === '') return null;
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  let scale = Number(power) - 4 * fraction.length;
  let value = mantissa;
  // 2 ** scale alone may overflow although the product does not.
  while (scale < -1000 && value !== 0) {
    value *= 2 ** -1000;
    scale += 1000;
  }
  value *= 2 ** Math.min(scale, 1023);
  if (scale > 1023) value *= 2 ** Math.min(scale - 1023, 1023);
  if (!Number.isFinite(value) || (value === 0 && mantissa !== 0)) return null;
  return sign === '-' ? -value : value;
}

/** printf's `%.17g`, the text of a score in Redis 7.0: 0.1 → 0.10000000000000001, 1e17 → 1e+17, inf, -0. */
export function formatDouble17(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const exponential = seventeenDigits(value);
  const split = exponential.indexOf('e');
  const exponent = Number(exponential.slice(split + 1));
  if (exponent < -4 || exponent >= 17) {
    const sign = exponent < 0 ? '-' : '+';
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimZeros(exponential.slice(0, split))}e${sign}${digits}`;
  }
  return trimZeros(placeDot(exponential.slice(0, split), exponent));
}

/** d.dddddddddddddddde±x with 17 significant digits; C rounds an exact tie to the even digit, JS rounds it up. */
function seventeenDigits(value: number): string {
  const text = value.toExponential(16);
  if (!/5e/.test(value.toExponential(17))) return text;
  // A tie has 18 significant digits and no more.
  const exact = value.toExponential(60);
  const split = exact.indexOf('e');
  if (/[^0]/.test(exact.slice(split - 43, split))) return text;
  const mantissa = exact.slice(0, split - 44);
  const last = mantissa.charCodeAt(mantissa.length - 1) - 48;
  return last % 2 === 0 ? mantissa + exact.slice(split) : text;
}

/** Writes the digits of d.ddd × 10^exponent without an exponent; -4 ≤ exponent < 17. */
function placeDot(mantissa: string, exponent: number): string {
  const negative = mantissa.startsWith('-');
  const digits = mantissa.replace('-', '').replace('.', '');
  const sign = negative ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function trimZeros(text: string): string {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--;
  if (text.charCodeAt(end - 1) === 46) end--;
  return text.slice(0, end);
}
