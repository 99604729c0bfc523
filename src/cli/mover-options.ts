// The options of every subcommand that moves slots, and what the mover makes of them.
import type { MoverOptions } from '../apply/mover/options.js';
import { decimal, flag, integer, type Option, type OptionExtras, type OptionValues, usageError } from './options.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30 };

/** Reads `500k`, `10MB`, `1.5MiB/s` or a bare number of bytes, at least 1; undefined for anything else. */
export function parseBytes(typed: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?(?:\/s)?$/i.exec(typed.trim());
  const value = Number(found?.[1]) * (UNITS[(found?.[2] ?? '').toLowerCase()] ?? NaN);
  return value >= 1 ? Math.round(value) : undefined;
}

/** A number of bytes with a unit, or undefined when absent. */
export function bytes(placeholder: string, summary: string, extras: OptionExtras = {}): Option<number | undefined> {
  const parse = (texts: readonly string[], name: string): number => {
    const typed = texts[texts.length - 1] ?? '';
    const value = parseBytes(typed);
    if (value === undefined) throw usageError(`${name} takes a number of bytes like 500k, 10MB or 1GiB, not "${typed}"`);
    return value;
  };
  return { kind: 'value', placeholder, summary, ...extras, fallback: undefined, parse };
}

/** Also of those that move slots beside other work. */
export const waitOptions = {
  waitReplicas: integer('N', 'a target gets its slots only when N of its replicas have confirmed their keys', { min: 0, fallback: 0 }),
  waitReplicasTimeout: decimal('SECONDS', 'with --wait-replicas: how long they may take; then the slots stay open, and it ends', { min: 0.001, fallback: 30 }),
} as const;

export const moverOptions = {
  timeout: integer('MS', 'how long the target may let one MIGRATE wait; both nodes stand still meanwhile', { min: 1, fallback: 60_000 }),
  pipeline: integer('KEYS', 'most keys in one MIGRATE (default: as many as stall the source for less than --max-stall)', { min: 1, fallback: undefined }),
  maxStall: integer('MS', 'how long one MIGRATE should keep its source busy at most', { min: 1, fallback: 20 }),
  maxRate: bytes('BYTES', 'most bytes a second over the whole move: 500k, 10MB, 1GiB (default: no limit)'),
  replace: flag('overwrite keys that exist on the target'),
  keepReplicas: flag('servers must not give replicas other masters meanwhile (cluster-allow-replica-migration no, then as it was)'),
  ...waitOptions,
} as const;

export function waitSettings({ waitReplicas, waitReplicasTimeout }: OptionValues<typeof waitOptions>): Required<Pick<MoverOptions, 'waitReplicas' | 'waitReplicasMs'>> {
  return { waitReplicas, waitReplicasMs: Math.ceil(waitReplicasTimeout * 1000) };
}

export function moverSettings({ timeout, pipeline, maxStall, maxRate, replace, ...wait }: Omit<OptionValues<typeof moverOptions>, 'keepReplicas'>): MoverOptions {
  return { timeoutMs: timeout, maxStallMs: maxStall, replace, ...waitSettings(wait), ...(pipeline === undefined ? {} : { pipeline }), ...(maxRate === undefined ? {} : { maxRate }) };
}
