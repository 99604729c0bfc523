// Options, events and totals of loading data files into a cluster, and the error for a load that stopped part-way.
import { ExitCode, TribError, messageOf } from '../../errors.js';
import type { ReplicaWait } from '../confirm-replicas.js';
import type { Conflict, Span } from '../event.js';
import type { ReplacedMaster } from '../replaced-masters.js';
import { lossText } from '../replaced-text.js';
import type { FileDamage } from './read-data-file.js';

/** A key, or a command about a key, that the cluster could not take. */
export interface RefusedKey {
  readonly database: number;
  /** A binary string. */
  readonly key: string;
  /** Name of the command of an append-only file that was refused; absent for a key of an RDB part. */
  readonly command?: string;
  readonly reason: string;
}

export type LoadEvent =
  | { readonly kind: 'fileStarted'; readonly file: string; readonly bytes: number }
  /** `keys`: handled so far in all files (of an append-only file: commands). */
  | { readonly kind: 'progress'; readonly keys: number }
  | ({ readonly kind: 'conflict' } & Conflict)
  | ({ readonly kind: 'refused' } & RefusedKey);

/** `waitReplicas`: at the end the load waits until so many replicas of each master have confirmed its keys. */
export interface LoadOptions extends ReplicaWait {
  /** Overwrite keys that the cluster holds with other values. */
  readonly replace?: boolean;
  /** Which keys are loaded; default all. The key is a binary string. */
  readonly wanted?: (database: number, key: string) => boolean;
  /**
   * Keys keep their database number, which every master of the cluster must have (Valkey 9). Default false: all go into
   * database 0.
   */
  readonly keepDatabases?: boolean;
  /** Milliseconds for the replies to one batch; default 60000. */
  readonly timeoutMs?: number;
  readonly onEvent?: (event: LoadEvent) => void;
  /** On abort, finishes the batches in flight, then throws ABORTED. */
  readonly signal?: AbortSignal;
}

/** Totals of a load. */
export interface LoadStats {
  /** Keys that the cluster has received; of an append-only file those of its RDB part. */
  readonly imported: number;
  /** Keys that the cluster held already with the same value and expiry. */
  readonly equal: number;
  /** Keys that had expired before they were sent. */
  readonly expired: number;
  /** Keys with different values or expiries on both sides: the cluster's stay. */
  readonly conflicts: readonly Conflict[];
  readonly refused: readonly RefusedKey[];
  /** Commands of an append-only file that were carried out, without refused ones; 0 for RDB files. */
  readonly commands: number;
  /** Function libraries in the files, which are not loaded: FUNCTION LOAD does that on every master. */
  readonly libraries: number;
  /** Imported keys by the name of their master. */
  readonly targets: Readonly<Record<string, number>>;
  readonly ms: number;
  /** Keys of the cluster's masters before and after. NaN where a node did not reply. */
  readonly cluster: Span;
  /** Masters that were replaced or restarted meanwhile. */
  readonly replaced: readonly ReplacedMaster[];
  /** The first file that could not be read to its end. The part before the damage was loaded. */
  readonly damage: (FileDamage & { readonly file: string }) | undefined;
}

/**
 * As `3 keys`, or with commands `3 keys and 20 commands were loaded before that (the cluster holds 12 keys more than before)`.
 */
function loadedBefore({ imported, commands, refused, cluster }: LoadStats): string {
  const keys = `${imported} ${imported === 1 ? 'key was' : 'keys were'} loaded before that`;
  if (commands === 0 && !refused.some(({ command }) => command !== undefined)) return keys;
  const more = cluster.after - cluster.before;
  const now = Number.isNaN(more) ? '' : ` (the cluster holds ${Math.abs(more)} ${Math.abs(more) === 1 ? 'key' : 'keys'} ${more < 0 ? 'fewer' : 'more'} than before)`;
  return `${imported} ${imported === 1 ? 'key' : 'keys'} and ${commands} ${commands === 1 ? 'command' : 'commands'} were loaded before that${now}`;
}

/** The load stopped early: IMPORT_FAILED (exit 1) or ABORTED (130). The same command continues it. */
export class LoadIncomplete extends TribError {
  constructor(
    readonly stats: LoadStats,
    error: unknown,
    aborted: boolean,
    continueHint = 'run the same command again: keys that are there already are compared and not sent twice',
    /** Keys that may have an expiry far too late (LoadTally.postponed). */
    postponed = 0,
  ) {
    const text = aborted ? 'Interrupted' : messageOf(error);
    const late = postponed > 0 ? `; up to ${postponed} of them expire about 3000 years too late, because their times to live could not be set` : '';
    const loss = lossText(stats.replaced);
    const own = !aborted && error instanceof TribError ? error.hint : undefined;
    const hint = own === undefined ? continueHint : postponed > 0 ? `${own}; then ${continueHint}` : own;
    const exitCode = aborted ? ExitCode.interrupted : error instanceof TribError ? error.exitCode : ExitCode.failed;
    super(aborted ? 'ABORTED' : 'IMPORT_FAILED', `${text}: ${loadedBefore(stats)}${late}${loss === undefined ? '' : `; ${loss}`}`, { hint, exitCode, ...(aborted ? {} : { cause: error }) });
    this.name = 'LoadIncomplete';
  }
}
