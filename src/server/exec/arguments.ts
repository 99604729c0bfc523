// Reads command arguments: integers, floats, timeouts and expiry times, with Redis's errors for invalid ones.
import type { ErrorReply } from '../../resp/server-reply.js';
import { parseInt64 } from '../types/numbers.js';
import type { Int64 } from '../types/numbers.js';
import { NOT_INTEGER, NOT_POSITIVE, SYNTAX, TIMEOUT_NEGATIVE, TIMEOUT_NOT_FLOAT, invalidExpire } from '../errors.js';

/** A strict 64-bit integer. Throws `error` for anything else. */
export function int64Arg(text: string | undefined, error: ErrorReply = NOT_INTEGER): Int64 {
  const value = text === undefined ? null : parseInt64(text);
  if (value === null) throw error;
  return value;
}

/**
 * An integer used as an index or count: 64 bits are accepted, values beyond 2^53 are clamped to it. Throws `error` for anything
 * that is not an integer.
 */
export function intArg(text: string | undefined, error: ErrorReply = NOT_INTEGER): number {
  return Number(int64Arg(text, error));
}

/** An integer within [min, max]; throws `error` when it is outside or not an integer. */
export function rangedArg(text: string | undefined, min: number, max: number, error: ErrorReply = NOT_INTEGER): number {
  const value = intArg(text, error);
  if (value < min || value > max) throw error;
  return value;
}

/** A count that must not be negative. */
export function countArg(text: string | undefined): number {
  const value = intArg(text, NOT_POSITIVE);
  if (value < 0) throw NOT_POSITIVE;
  return value;
}

/** A timeout of a blocking command in seconds with a fraction; the result is in ms, 0 for none. */
export function timeoutArg(text: string | undefined): number {
  const infinite = /^[+-]?inf(inity)?$/i.test(text ?? '');
  const seconds = infinite ? Infinity : text === undefined || text === '' || /^\s|\s$|_/.test(text) ? NaN : Number(text);
  if (Number.isNaN(seconds)) throw TIMEOUT_NOT_FLOAT;
  // A value beyond 64 bits of ms becomes negative in Redis 7.0, which determines the error.
  if (seconds < 0 || seconds * 1000 >= 2 ** 63) throw TIMEOUT_NEGATIVE;
  return Math.ceil(seconds * 1000);
}

export type ExpiryUnit = 'EX' | 'PX' | 'EXAT' | 'PXAT';

/** Largest signed 64-bit number of milliseconds. */
const MAX_MS = 9_223_372_036_854_775_807n;

/** The absolute expiry in ms of `EX 10` and the related options. Throws for zero, negative and overflowing times. */
export function expiryArg(command: string, unit: ExpiryUnit, text: string | undefined, now: number): number {
  const given = BigInt(int64Arg(text));
  const factor = unit === 'EX' || unit === 'EXAT' ? 1000n : 1n;
  if (given <= 0n || given > MAX_MS / factor) throw invalidExpire(command);
  const ms = given * factor;
  const relative = unit === 'EX' || unit === 'PX';
  if (relative && ms > MAX_MS - BigInt(now)) throw invalidExpire(command);
  return Number(ms) + (relative ? now : 0);
}

/** Requires a word after option `i`, as in `COUNT n`; throws a syntax error otherwise. */
export function wordAfter(args: readonly string[], i: number): string {
  const word = args[i + 1];
  if (word === undefined) throw SYNTAX;
  return word;
}
