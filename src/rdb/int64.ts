// Signed 64-bit integers as text: the form that RDB, listpacks and commands share.

export const INT64_MAX = 9223372036854775807n;
export const INT64_MIN = -9223372036854775808n;

/** A 64-bit integer: a number while it is safe (|n| ≤ 2^53-1), a bigint beyond. The two ranges never overlap. */
export type Int64 = number | bigint;

const MAX_SAFE_DIGITS = 15;

/**
 * Reads a canonical decimal i64: no blanks, no `+`, no leading zeros, no `-0`; at most 20 characters.
 * Returns null for anything else, also beyond 64 bits (string2ll; persistence-replication.md 9.1).
 */
export function parseInt64(text: string): Int64 | null {
  const length = text.length;
  if (length === 0 || length > 20) return null;
  let at = 0;
  const negative = text.charCodeAt(0) === 45;
  if (negative) at = 1;
  const digits = length - at;
  if (digits === 0) return null;
  const first = text.charCodeAt(at);
  if (first === 48) return length === 1 ? 0 : null;
  let value = 0;
  const fast = digits <= MAX_SAFE_DIGITS;
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return null;
    if (fast) value = value * 10 + digit;
  }
  if (fast) return negative ? -value : value;
  return wideInt64(text);
}

function wideInt64(text: string): Int64 | null {
  const wide = BigInt(text);
  return wide < INT64_MIN || wide > INT64_MAX ? null : narrow(wide);
}

/** The Int64 form of a bigint: a number when that is exact. */
export function narrow(wide: bigint): Int64 {
  const value = Number(wide);
  return Number.isSafeInteger(value) ? value : wide;
}
