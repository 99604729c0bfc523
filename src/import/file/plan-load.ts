// What loading RDB files would bring to which master: the files are read once before the first key is sent, so that damage,
// databases and repeated names are known in time. Read-only.
import type { Cluster } from '../../apply/open-cluster.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import { chooseDatabases } from '../choose-databases.js';
import type { SourceDatabase } from '../source.js';
import type { DataFileEnd, FileDamage } from './read-data-file.js';
import { summariseFile, type FileSummary } from './summarise-file.js';

/** One file of a load. */
export interface PlannedFile {
  readonly file: string;
  readonly bytes: number;
  readonly keys: number;
  readonly expired: number;
  /** Number of keys by slot. */
  readonly slotKeys: ArrayLike<number>;
  readonly damage: FileDamage | undefined;
  /**
   * Slots whose import had not ended when the file was written, and the keys there, which are left out; undefined without such
   * an import.
   */
  readonly importing: { readonly slots: SlotSet; readonly keys: number } | undefined;
  /** RDB version and family of the file. */
  readonly format: DataFileEnd['rdb'];
  /** Bytes after the end of the RDB data. */
  readonly trailing: number;
}

export interface LoadPlan {
  readonly files: readonly PlannedFile[];
  /** Keys that would be sent, without expired ones. */
  readonly keys: number;
  readonly expired: number;
  /** Keys by the name of the master that would get them, expired ones included. */
  readonly targets: Readonly<Record<string, number>>;
  readonly databases: readonly number[];
  /** Databases keep their numbers. */
  readonly keepDatabases: boolean;
  readonly libraries: number;
}

export interface PlanLoadOptions {
  /** As in --db: a number, `all`, or undefined. */
  readonly db?: string | undefined;
  /** Number of databases of the cluster. */
  readonly clusterDatabases: number;
  /** Which keys, by name; default all. */
  readonly matches?: (key: string) => boolean;
  readonly now: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

function databasesOf(summaries: readonly FileSummary[]): SourceDatabase[] {
  const keys = new Map<number, number>();
  for (const { contents } of summaries) for (const one of contents.databases.values()) keys.set(one.database, (keys.get(one.database) ?? 0) + one.keys);
  return [...keys].map(([index, count]) => ({ index, keys: count })).sort((a, b) => a.index - b.index);
}

/** Keys of one name in several databases would become one key. Throws TribError SAME_NAMES. */
function refuseRepeatedNames(summaries: readonly FileSummary[]): void {
  const repeated = summaries.flatMap(({ contents }) => contents.repeated);
  if (repeated.length === 0) return;
  const shown = repeated.slice(0, 5).map(({ key, databases }) => `${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (databases ${databases.join(' and ')})`);
  throw new TribError('SAME_NAMES', `Keys of the same name in several databases would overwrite each other: ${shown.join(', ')}${repeated.length > 5 ? ` and ${repeated.length - 5} more` : ''}`, {
    hint: 'this cluster has one database only: import one database at a time with --db',
  });
}

/** Refuses a file without an RDB part, and one whose commands would not be loaded. Throws TribError NOT_AN_RDB. */
function refuseCommands({ path, end }: FileSummary): void {
  if (end.bytes === 0) throw new TribError('NOT_AN_RDB', `${path} is empty`, { hint: 'an RDB file has at least 18 bytes, even without keys' });
  if (end.damage?.offset === 0) throw new TribError('NOT_AN_RDB', `${path} is not an RDB file: ${end.damage.reason}`, { hint: `inspect it with: redis-trib rdb ${path}` });
  if (end.rdb === undefined) throw new TribError('NOT_AN_RDB', `${path} is an append-only file, not an RDB file`, { hint: 'import --aof FILE loads append-only files' });
  if (end.commands) throw new TribError('NOT_AN_RDB', `${path} is an append-only file: commands follow its RDB part and would not be loaded`, { hint: 'import --aof FILE loads both' });
}

/** The keys by master, from the counts by slot. */
function targetsOf(cluster: Cluster, summaries: readonly FileSummary[]): Record<string, number> {
  const targets = new Map<string, number>(cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ name }) => [name, 0]));
  for (const [slot, owner] of cluster.view.owners().entries()) {
    const keys = summaries.reduce((sum, { contents }) => sum + contents.slotKeys[slot]!, 0);
    const name = owner?.name ?? 'no master';
    if (keys > 0) targets.set(name, (targets.get(name) ?? 0) + keys);
  }
  return Object.fromEntries(targets);
}

/** Throws TribError NOT_AN_RDB, OTHER_DATABASES, SAME_NAMES, and the system's errors. */
export async function planLoad(files: readonly string[], cluster: Cluster, options: PlanLoadOptions): Promise<LoadPlan> {
  const { db, clusterDatabases, matches, now, signal, onProgress } = options;
  const only = db !== undefined && /^\d+$/.test(db) ? Number(db) : undefined;
  const wanted = matches === undefined && only === undefined ? undefined : (database: number, key: string): boolean => (only === undefined || database === only) && matches?.(key) !== false;
  const repeats = clusterDatabases === 1 && db?.toLowerCase() === 'all';
  const summaries: FileSummary[] = [];
  let before = 0;
  for (const file of files) {
    const summary = await summariseFile(file, { now, largest: 0, repeats, onProgress: (bytes) => onProgress?.(before + bytes), ...(wanted === undefined ? {} : { wanted }), ...(signal === undefined ? {} : { signal }) });
    refuseCommands(summary);
    summaries.push(summary);
    before += summary.end.bytes;
  }
  const choice = chooseDatabases(databasesOf(summaries), files.length === 1 ? 'The file' : 'The backup', db, clusterDatabases);
  refuseRepeatedNames(summaries);
  const planned = summaries.map(({ path, contents, end }) => ({ file: path, bytes: end.bytes, keys: contents.all.keys, expired: contents.expired, slotKeys: contents.slotKeys, damage: end.damage, format: end.rdb, trailing: end.trailing, importing: contents.importingSlots.size === 0 ? undefined : { slots: contents.importingSlots, keys: contents.importingKeys } }));
  const expired = planned.reduce((sum, one) => sum + one.expired, 0);
  return {
    files: planned,
    keys: planned.reduce((sum, one) => sum + one.keys, 0) - expired,
    expired,
    targets: targetsOf(cluster, summaries),
    databases: choice.databases,
    keepDatabases: choice.keep,
    libraries: summaries.reduce((sum, { contents }) => sum + contents.libraries, 0),
  };
}
