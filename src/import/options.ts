// Settings of an import with their defaults, and the errors for an incomplete one.
import { DEFAULT_WAIT_REPLICAS_MS } from '../apply/mover/pacing/defaults.js';
import { ExitCode, TribError } from '../errors.js';
import { fromBinary } from '../resp/reply.js';
import type { ReplicaWait } from './confirm-replicas.js';
import type { Conflict, ImportStats, OnImportEvent } from './event.js';

/**
 * `waitReplicas`: a moved key leaves the source only when so many replicas of its master have confirmed it, and keys go
 * through this process; with `copy` the import waits for them at the end.
 */
export interface ImportOptions extends ReplicaWait {
  /** Keep the keys on the source; by default they are moved. */
  readonly copy?: boolean;
  /** Overwrite keys that the cluster holds with other values. */
  readonly replace?: boolean;
  /** Databases of the source to import; all go into database 0 unless keepDatabases is set. Default [0]. */
  readonly databases?: readonly number[];
  /** Keys keep their database number, which every master of the cluster must have (Valkey 9). Default false. */
  readonly keepDatabases?: boolean;
  /** Timeout argument of MIGRATE, milliseconds for each socket operation; default 60000. */
  readonly timeoutMs?: number;
  /** Maximum keys in one MIGRATE; default 2000. */
  readonly pipeline?: number;
  /** Milliseconds that the source's other clients may have to wait for the import; default 20. */
  readonly maxStallMs?: number;
  /**
   * Route of the keys: 'source' = MIGRATE only, 'client' = through this process only; default: MIGRATE where the source reaches
   * the target.
   */
  readonly via?: 'source' | 'client';
  /** Keys may move to a master that cannot hold its share of them and evicts keys (maxmemory-policy). Default false. */
  readonly allowEviction?: boolean;
  readonly onEvent?: OnImportEvent;
  /** On abort, finishes the batches in flight, then throws ABORTED. */
  readonly signal?: AbortSignal;
}

/** All settings, defaults filled in. */
export interface ImportSettings {
  readonly copy: boolean;
  readonly replace: boolean;
  readonly databases: readonly number[];
  readonly keepDatabases: boolean;
  readonly timeoutMs: number;
  readonly pipeline: number;
  readonly maxStallMs: number;
  readonly via: 'source' | 'client' | 'auto';
  readonly waitReplicas: number;
  readonly waitReplicasMs: number;
  readonly allowEviction: boolean;
  readonly emit: OnImportEvent;
  readonly signal: AbortSignal | undefined;
}

export function importSettings(options: ImportOptions): ImportSettings {
  const { copy = false, waitReplicas = 0 } = options;
  return {
    copy,
    replace: options.replace ?? false,
    databases: options.databases ?? [0],
    keepDatabases: options.keepDatabases ?? false,
    timeoutMs: options.timeoutMs ?? 60_000,
    pipeline: Math.max(1, options.pipeline ?? 2000),
    maxStallMs: options.maxStallMs ?? 20,
    via: waitReplicas > 0 && !copy ? 'client' : (options.via ?? 'auto'), // MIGRATE deletes a key at once.
    waitReplicas,
    waitReplicasMs: options.waitReplicasMs ?? DEFAULT_WAIT_REPLICAS_MS,
    allowEviction: options.allowEviction ?? false,
    emit: options.onEvent ?? (() => undefined),
    signal: options.signal,
  };
}

/** The import stopped early: IMPORT_FAILED (exit 1) or ABORTED (130). The same command continues it. */
export class ImportIncomplete extends TribError {
  constructor(
    code: 'IMPORT_FAILED' | 'ABORTED',
    message: string,
    readonly stats: ImportStats,
    details: { hint: string; exitCode: number; cause?: unknown },
  ) {
    super(code, message, details);
    this.name = 'ImportIncomplete';
  }
}

const HINTS: readonly (readonly [pattern: RegExp, message: string, hint: string])[] = [
  [/does not store values of that type/i, 'The bundled node stores neither streams, module values nor hashes with field expiry', 'import into redis-server or valkey-server nodes, or delete these keys on the source first; no key was lost: the keys that were not imported are still on the source'],
  [/DUMP payload version or checksum|Bad data format/i, 'The cluster cannot read values of this source: its version is older than the source\'s', 'upgrade the cluster first; no key was lost: the keys that were not imported are still on the source'],
  [/\bOOM\b/, 'A node of the cluster is out of memory', 'raise maxmemory or add masters, then run the same command again'],
  [/permissions? to access .* keys?\b/i, 'A node of the cluster refused a key to this user', 'this user lacks a rule for these keys: grant it on every node with ACL SETUSER NAME ~PATTERN (~* for all keys), then run the same command again'],
  [/\b(NOAUTH|WRONGPASS|NOPERM)\b/, 'A node of the cluster refused the credentials', 'the source uses the credentials of that node (--user, --pass, or its own in the config file): check them and the permissions of that user (RESTORE, SELECT)'],
  [/\bCLUSTERDOWN\b/, 'The cluster does not serve all slots', 'run redis-trib check and fix, then the same command again'],
];

/** True for a node that is unreachable or has left the cluster's list; false for a refusal. */
export function outOfReach(error: unknown): boolean {
  if (error instanceof TribError && error.code === 'NO_SUCH_NODE') return true; // Unreachable, and removed from the list since.
  return error instanceof TribError && error.exitCode === ExitCode.unreachable && /^(E[A-Z]+|TIMEOUT|CLOSED|CONNECTION)$/.test(error.code);
}

/** An error reply that ends the import, with advice. `keys`: the keys it concerns, if known. */
export function refusal(where: string, message: string, cause: unknown, keys: readonly string[] = []): TribError {
  const [first, ...more] = keys;
  const about = first === undefined ? '' : ` about key ${JSON.stringify(fromBinary(first))}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  const known = HINTS.find(([pattern]) => pattern.test(message));
  if (known === undefined) return new TribError('IMPORT_REFUSED', `${where} replied with error${about}: ${message}`, { cause, hint: 'the keys concerned are still on the source; run the same command again to continue' });
  return new TribError('IMPORT_REFUSED', `${known[1]}: ${where} replied${about === '' ? '' : `${about}:`} ${message}`, { exitCode: ExitCode.failed, cause, hint: known[2] });
}

/** For example `"user:1" (database 0, on 127.0.0.1:7000)`, at most `limit` of them. */
export function conflictText(conflicts: readonly Conflict[], limit = 5): string {
  const shown = conflicts.slice(0, limit).map(({ key, database, target }) => `${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (database ${database}, on ${target.name})`);
  return shown.join(', ') + (conflicts.length > limit ? ` and ${conflicts.length - limit} more` : '');
}
