// The options of every subcommand that moves slots, and their translation to mover settings.
import { DEFAULT_JOB_LIMIT_MS, DEFAULT_MAX_STALL_MS, DEFAULT_WAIT_REPLICAS_MS } from '../../apply/mover/pacing/defaults.js';
import type { MoveMethod, MoverOptions } from '../../apply/mover/pacing/options.js';
import { choice, decimal, flag, integer, type Option, type OptionExtras, type OptionValues, usageError } from './options.js';

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

/** For all commands that move slots, also as part of their work (fix, del-node). */
export const waitOptions = {
  waitReplicas: integer('N', 'a target gets its slots only when N of its replicas have confirmed their keys', { min: 0, fallback: 0 }),
  waitReplicasTimeout: decimal('SECONDS', 'with --wait-replicas: how long to wait; after that the command ends and the slots stay open', { min: 0.001, fallback: DEFAULT_WAIT_REPLICAS_MS / 1000 }),
} as const;

/** For commands that move slots or import keys. */
export const evictionOptions = {
  allowEviction: flag('move keys also to nodes that cannot hold them and evict keys (maxmemory-policy); the evicted keys are lost'),
} as const;

/** How keys move. For all commands that move slots, also as part of their work (del-node). */
export const methodOptions = {
  method: choice(['auto', 'atomic', 'keys'], 'atomic: the servers move whole slots (Redis 8.4, Valkey 9); keys: MIGRATE key by key; auto (default): atomic between nodes that support it and have one database'),
  jobTimeout: decimal('SECONDS', 'how long one atomic migration (about 4096 slots or a million keys) may take before it is cancelled', { min: 0.001, fallback: DEFAULT_JOB_LIMIT_MS / 1000 }),
  ...evictionOptions,
} as const;

export const moverOptions = {
  timeout: integer('MS', 'timeout of one MIGRATE, which blocks both nodes (default: a third of cluster-node-timeout, at most 10000)', { min: 1, fallback: undefined }),
  pipeline: integer('KEYS', 'maximum keys in one MIGRATE (default: limited by --max-stall)', { min: 1, fallback: undefined }),
  maxStall: integer('MS', 'how long one MIGRATE may block its source', { min: 1, fallback: DEFAULT_MAX_STALL_MS }),
  maxRate: bytes('BYTES', 'maximum bytes per second over the whole move: 500k, 10MB, 1GiB (default: no limit)'),
  replace: flag('overwrite keys that exist on the target'),
  keepReplicas: flag('prevent servers from giving replicas other masters meanwhile (sets cluster-allow-replica-migration to no, then restores it)'),
  ...waitOptions,
  ...methodOptions,
  useAtomicSlotMigration: flag("as --method atomic, in valkey-cli's spelling", { hidden: true }),
} as const;

export function waitSettings({ waitReplicas, waitReplicasTimeout }: OptionValues<typeof waitOptions>): Required<Pick<MoverOptions, 'waitReplicas' | 'waitReplicasMs'>> {
  return { waitReplicas, waitReplicasMs: Math.ceil(waitReplicasTimeout * 1000) };
}

type MoverValues = OptionValues<typeof moverOptions>;

/** Throws a usage error for options that atomic moves do not support. */
function methodOf({ method, useAtomicSlotMigration, maxRate, replace, waitReplicas }: Omit<MoverValues, 'keepReplicas' | 'allowEviction'>): MoveMethod {
  const wanted = useAtomicSlotMigration ? 'atomic' : (method ?? 'auto');
  if (useAtomicSlotMigration && method !== undefined && method !== 'atomic') throw usageError(`--use-atomic-slot-migration and --method ${method} contradict each other`);
  const unsupported = [...(maxRate === undefined ? [] : ['--max-rate']), ...(replace ? ['--replace'] : []), ...(waitReplicas > 0 ? ['--wait-replicas'] : [])];
  if (wanted === 'atomic' && unsupported.length > 0) throw usageError(`atomic migrations do not support ${unsupported.join(' and ')}`, '--method keys supports them');
  return wanted;
}

export function methodSettings({ method, jobTimeout }: Omit<OptionValues<typeof methodOptions>, 'allowEviction'>): Required<Pick<MoverOptions, 'method' | 'jobLimitMs'>> {
  return { method: method ?? 'auto', jobLimitMs: Math.ceil(jobTimeout * 1000) };
}

/** Throws a usage error for options that contradict each other. */
export function moverSettings(values: Omit<MoverValues, 'keepReplicas' | 'allowEviction'>): MoverOptions {
  const { timeout, pipeline, maxStall, maxRate, replace, jobTimeout } = values;
  const how = methodSettings({ method: methodOf(values), jobTimeout });
  return { maxStallMs: maxStall, replace, ...how, ...waitSettings(values), ...(timeout === undefined ? {} : { timeoutMs: timeout }), ...(pipeline === undefined ? {} : { pipeline }), ...(maxRate === undefined ? {} : { maxRate }) };
}
