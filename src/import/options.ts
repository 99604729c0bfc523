// Settings of an import with their defaults, and what it throws when it can't finish.
import { ExitCode, TribError } from '../errors.js';
import { fromBinary } from '../resp/reply.js';
import type { Conflict, ImportStats, OnImportEvent } from './event.js';

export interface ImportOptions {
  /** Leave the keys on the source; without it they are moved. */
  readonly copy?: boolean;
  /** Overwrite keys that the cluster holds with other values. */
  readonly replace?: boolean;
  /** Databases of the source to take; all go into database 0, the only one a cluster has. Default [0]. */
  readonly databases?: readonly number[];
  /** Timeout argument of MIGRATE, milliseconds of each socket operation; default 60000. */
  readonly timeoutMs?: number;
  /** Most keys in one MIGRATE; default 2000. */
  readonly pipeline?: number;
  /** Milliseconds that the source's other clients may have to wait for the import; default 20. */
  readonly maxStallMs?: number;
  /** How keys travel: 'source' = MIGRATE only, 'client' = through this process only; default: MIGRATE where the source reaches the target. */
  readonly via?: 'source' | 'client';
  readonly onEvent?: OnImportEvent;
  /** Finishes the batches under way, then throws ABORTED. */
  readonly signal?: AbortSignal;
}

/** All defaults filled in. */
export interface ImportSettings {
  readonly copy: boolean;
  readonly replace: boolean;
  readonly databases: readonly number[];
  readonly timeoutMs: number;
  readonly pipeline: number;
  readonly maxStallMs: number;
  readonly via: 'source' | 'client' | 'auto';
  readonly emit: OnImportEvent;
  readonly signal: AbortSignal | undefined;
}

export function importSettings(options: ImportOptions): ImportSettings {
  return {
    copy: options.copy ?? false,
    replace: options.replace ?? false,
    databases: options.databases ?? [0],
    timeoutMs: options.timeoutMs ?? 60_000,
    pipeline: Math.max(1, options.pipeline ?? 2000),
    maxStallMs: options.maxStallMs ?? 20,
    via: options.via ?? 'auto',
    emit: options.onEvent ?? (() => undefined),
    signal: options.signal,
  };
}

/** The import stopped before its end: IMPORT_FAILED (exit 1) or ABORTED (130). The same command goes on where it stopped. */
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
  [/does not store values of that type/i, 'The bundled node stores no streams and no values of modules', 'import into redis-server or valkey-server nodes, or take these keys off the source first; nothing was lost, they are still there'],
  [/DUMP payload version or checksum|Bad data format/i, 'The cluster cannot read values of this source: its version is older than the source\'s', 'upgrade the cluster first; nothing was lost, the keys are still on the source'],
  [/\bOOM\b/, 'A node of the cluster has no memory left', 'raise maxmemory or add masters, then run the same command again: it goes on'],
  [/\b(NOAUTH|WRONGPASS|NOPERM)\b/, 'A node of the cluster refused the credentials', 'the source hands on the credentials of that node (--user, --pass, or its own in the config file): check them and what that user may do (RESTORE, SELECT)'],
  [/\bCLUSTERDOWN\b/, 'The cluster does not serve all slots', 'run check and fix, then the same command again: it goes on'],
];

/** A node that went away, cannot be connected to, or has left the cluster's list, as opposed to one that refuses. */
export function outOfReach(error: unknown): boolean {
  if (error instanceof TribError && error.code === 'NO_SUCH_NODE') return true; // dead, and the list was read again since
  return error instanceof TribError && error.exitCode === ExitCode.unreachable && /^(E[A-Z]+|TIMEOUT|CLOSED|CONNECTION)$/.test(error.code);
}

/** An error reply that ends the import, with what to do about it. `keys`: which it is about, when that is known. */
export function refusal(where: string, message: string, cause: unknown, keys: readonly string[] = []): TribError {
  const [first, ...more] = keys;
  const about = first === undefined ? '' : ` about key ${JSON.stringify(fromBinary(first))}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  const known = HINTS.find(([pattern]) => pattern.test(message));
  if (known === undefined) return new TribError('IMPORT_REFUSED', `${where} replied with error${about}: ${message}`, { cause, hint: 'the keys concerned are still on the source; the same command goes on' });
  return new TribError('IMPORT_REFUSED', `${known[1]}: ${where} replied${about === '' ? '' : `${about}:`} ${message}`, { exitCode: ExitCode.failed, cause, hint: known[2] });
}

/** `"user:1" (database 0, on 127.0.0.1:7000)`, at most `limit` of them. */
export function conflictText(conflicts: readonly Conflict[], limit = 5): string {
  const shown = conflicts.slice(0, limit).map(({ key, database, target }) => `${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (database ${database}, on ${target.name})`);
  return shown.join(', ') + (conflicts.length > limit ? ` and ${conflicts.length - limit} more` : '');
}
