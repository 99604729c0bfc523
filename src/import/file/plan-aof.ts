// What loading an append-only file would do, determined before the first key is sent: what follows the last flush, the
// databases, the commands that a cluster cannot run, and damage. Read-only.
import type { Cluster } from '../../apply/open-cluster.js';
import type { ReplayCommand, ReplayItem } from '../../aof/replay.js';
import { TribError } from '../../errors.js';
import { chooseDatabases } from '../choose-databases.js';
import { AofCounts, type AofProblem, type UnfinishedImport } from './aof-counts.js';
import { readAof, type AofEnd } from './read-aof.js';
import type { PlanLoadOptions } from './plan-load.js';

export interface AofPlan {
  readonly files: readonly string[];
  readonly bytes: number;
  /** Keys of RDB parts, and commands, after the last flush. */
  readonly keys: number;
  readonly commands: number;
  readonly libraries: number;
  /** Keys and commands by the name of the master that would get them. */
  readonly targets: Readonly<Record<string, number>>;
  readonly databases: readonly number[];
  readonly keepDatabases: boolean;
  /** The first commands that cannot be carried out. */
  readonly problems: readonly AofProblem[];
  readonly end: AofEnd;
  /** Imports of slots (Valkey 9.1) of which the file does not say whether the node got the slots; their keys are left out. */
  readonly unfinished: readonly UnfinishedImport[];
  /** Whether a key of an RDB part must be loaded: false when a later flush deletes it. */
  readonly counts: (number: number, database: number, slot: number) => boolean;
  /** The commands of a unit that must be carried out. */
  readonly counting: (number: number, unit: Extract<ReplayItem, { kind: 'unit' }>) => readonly ReplayCommand[];
}

function targetsOf(cluster: Cluster, totals: AofCounts): Record<string, number> {
  const owners = cluster.view.owners();
  const targets = new Map<string, number>(cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ name }) => [name, 0]));
  for (const slots of totals.databases.values()) {
    for (const [slot, { keys, commands }] of slots) {
      const name = owners[slot]?.name ?? 'no master';
      targets.set(name, (targets.get(name) ?? 0) + keys + commands);
    }
  }
  return Object.fromEntries(targets);
}

/** Throws TribError OTHER_DATABASES, SAME_NAMES, and as readAof. */
export async function planAof(files: readonly string[], cluster: Cluster, options: PlanLoadOptions): Promise<AofPlan> {
  const { db, clusterDatabases, matches, signal, onProgress } = options;
  const only = db !== undefined && /^\d+$/.test(db) ? Number(db) : undefined;
  const wanted = (database: number, key: string): boolean => (only === undefined || database === only) && matches?.(key) !== false;
  const totals = new AofCounts(clusterDatabases === 1 && db?.toLowerCase() === 'all');
  const end = await readAof(
    files,
    {
      entry: (_, database, key) => wanted(database, key) && totals.add(database, [key], false),
      library: () => void totals.libraries++,
      item(number, item, file) {
        if (item.kind === 'unit') for (const { keys } of item.commands) totals.add(item.database, keys, true);
        else if (item.kind !== 'problem') totals.clear(item, file, number);
        else if (only === undefined || only === item.database || item.unknown) totals.problem(item, file, number);
      },
      piece: (bytes) => onProgress?.(bytes),
    },
    wanted,
    signal,
  );
  const unfinished = totals.dropUnfinished();
  const found = [...totals.databases].map(([index, slots]) => ({ index, ...totals.sum([slots]) })).map(({ index, keys, commands }) => ({ index, keys: keys + commands })).filter(({ keys }) => keys > 0).sort((a, b) => a.index - b.index);
  const choice = chooseDatabases(found, 'The file', db, clusterDatabases);
  if (totals.repeated.length > 0) {
    const [{ key, databases } = { key: '', databases: [0, 0] }] = totals.repeated;
    throw new TribError('SAME_NAMES', `Keys of the same name in several databases would overwrite each other: ${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (databases ${databases.join(' and ')})`, { hint: 'this cluster has one database only: import one database at a time with --db' });
  }
  return {
    files, bytes: end.bytes, ...totals.sum(), libraries: totals.libraries, targets: targetsOf(cluster, totals),
    databases: choice.databases, keepDatabases: choice.keep, end, unfinished,
    problems: totals.problems.filter(({ number, database, keys }) => totals.flushes.problemCounts(number, database, keys)).map(({ number: _number, database: _database, ...problem }) => problem),
    counts: (number, database, slot) => totals.flushes.counts(number, database, slot),
    counting: (number, unit) => totals.flushes.counting(number, unit),
  };
}
