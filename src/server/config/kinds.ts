// The kinds of parameter values: conversion to the canonical text that CONFIG GET shows, with the refusals of Redis 7.0. Kinds
// of a single parameter are in special-kinds.ts.

/** Why a value was refused; the text appears in CONFIG SET's error and below the line of a config file. */
export class ValueRefused extends Error {}

export interface ValueKind {
  /** CONFIG SET splits its argument into words, and a line of redis.conf may have several. */
  readonly many: boolean;
  /** A line of redis.conf may hold the name alone. */
  readonly mayBeBare?: boolean;
  /** The canonical text of a value. `current` is the present value, for values that change in part. Throws ValueRefused. */
  parse(words: readonly string[], current: string): string;
  /** Lines of redis.conf accumulate (save, client-output-buffer-limit). */
  readonly adds?: boolean;
  /** The values in redis.conf, one line per entry; default: one line with the canonical text. */
  lines?(canonical: string): readonly string[];
  /** The canonical text is a number in base 10. */
  readonly numeric?: boolean;
  /** What CONFIG GET prints for a canonical text, when it differs. */
  shown?(canonical: string): string;
  /** CONFIG REWRITE writes the value in quotes. */
  readonly quoted?: boolean;
}

const one = (parse: (word: string) => string): ValueKind => ({ many: false, parse: (words) => parse(words[0]!) });

export const bool: ValueKind = one((word) => {
  const lower = word.toLowerCase();
  if (lower !== 'yes' && lower !== 'no') throw new ValueRefused("argument must be 'yes' or 'no'");
  return lower;
});

/** The limits of signed and unsigned 32-bit and 64-bit fields, for parameters without their own. */
export const INT = 2_147_483_647n;
export const UINT = 4_294_967_295n;
export const LONG = 9_223_372_036_854_775_807n;
export const ULONG = 18_446_744_073_709_551_615n;

function outside(value: bigint, min: bigint, max: bigint): void {
  if (value < min || value > max) throw new ValueRefused(`argument must be between ${min} and ${max} inclusive`);
}

/** A decimal integer from `min` to `max`, both included. */
export function integer(min: bigint, max: bigint): ValueKind {
  return {
    many: false,
    numeric: true,
    parse: ([word]) => {
      // The spelling of a printed number: no plus sign, no leading zero, within 64 bits.
      const valid = /^(0|-?[1-9]\d*)$/.test(word!) && word!.length <= 20;
      const value = valid ? BigInt(word!) : LONG + 1n;
      if (value > LONG || value < -LONG - 1n) throw new ValueRefused("argument couldn't be parsed into an integer");
      outside(value, min, max);
      return value.toString();
    },
  };
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n, b: 1n, k: 1000n, kb: 1024n, m: 1_000_000n, mb: 1_048_576n, g: 1_000_000_000n, gb: 1_073_741_824n,
};

/** Bytes of `512mb`, `1k`, `100`; null when invalid. k is 1000 and kb 1024, in either case. */
export function parseMemory(word: string): bigint | null {
  const match = /^(\d*)([a-z]*)$/i.exec(word);
  const unit = match ? UNITS[match[2]!.toLowerCase()] : undefined;
  if (!match || unit === undefined || match[1]!.length > 100) return null;
  const digits = BigInt(match[1]!);
  // As in C's strtoull: no digits are 0, too many are the largest number, and the product wraps.
  return BigInt.asUintN(64, (digits > ULONG ? ULONG : digits) * unit);
}

/** Bytes with the largest binary unit that divides them, as CONFIG REWRITE writes amounts of memory. */
export function shortMemory(bytes: string): string {
  const value = BigInt(bytes);
  for (const [unit, size] of [['gb', 1n << 30n], ['mb', 1n << 20n], ['kb', 1n << 10n]] as const) {
    if (value !== 0n && value % size === 0n) return `${value / size}${unit}`;
  }
  return bytes;
}

/** An amount of memory, kept in bytes. */
export function memory(min = 0n, max: bigint = LONG): ValueKind {
  return {
    many: false,
    numeric: true,
    parse: ([word]) => {
      const bytes = parseMemory(word!);
      if (bytes === null) throw new ValueRefused('argument must be a memory value');
      outside(bytes, min, max);
      return bytes.toString();
    },
    lines: (canonical) => [shortMemory(canonical)],
  };
}

/** An amount of memory, or a share of maxmemory such as `5%`. */
export const memoryOrPercent: ValueKind = one((word) => {
  const percent = /^(\d{1,18})%$/.exec(word);
  if (percent) {
    if (BigInt(percent[1]!) > 100n) throw new ValueRefused('percentage argument must be less or equal to 100');
    return `${Number(percent[1])}%`;
  }
  const bytes = parseMemory(word);
  if (bytes === null) throw new ValueRefused('argument must be a memory or percent value');
  outside(bytes, 0n, LONG);
  return bytes.toString();
});

function choose(names: readonly string[], word: string): string {
  const found = names.find((name) => name === word.toLowerCase());
  if (found === undefined) throw new ValueRefused(`argument(s) must be one of the following: ${names.join(', ')}`);
  return found;
}

/** One of several words. */
export const oneOf = (...names: readonly string[]): ValueKind => one((word) => choose(names, word));

/** A set of words; the first means the empty set. Shown in the order of the names. */
export function someOf(...names: readonly string[]): ValueKind {
  return {
    many: true,
    mayBeBare: true, // refused below, with redis-server's text
    parse: (words) => {
      const chosen = new Set(words.map((word) => choose(names, word)));
      if (chosen.size === 0) throw new ValueRefused(`argument(s) must be one of the following: ${names.join(', ')}`);
      return names.slice(1).filter((name) => chosen.has(name)).join(' ') || names[0]!;
    },
  };
}

/** Any text; `check` throws ValueRefused for invalid values. */
export const text = (check: (value: string) => void = () => {}): ValueKind => ({
  many: false,
  quoted: true,
  parse: ([word]) => {
    check(word!);
    return word!;
  },
});
