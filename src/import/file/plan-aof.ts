// What loading an append-only file would do, determined before the first key is sent: what follows the last flush, the databases, the
// commands that a cluster cannot run, and damage. Read-only.
import type { Cluster } from '../../apply/open-cluster.js';
import type { ReplayItem } from '../../aof/replay.js';
import { keySlot } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import { chooseDatabases } from '../choose-databases.js';
import { readAof, type AofEnd } from './read-aof.js';
import type { PlanLoadOptions } from './plan-load.js';

export interface AofProblem {
  readonly file: string;
  readonly offset: number;
  readonly command: string;
  readonly reason: string;
  /** Binary strings. */
  readonly keys: readonly string[];
  /** The name of the command is not known: the file may be damaged there. */
  readonly unknown?: true;
}

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
  /** Whether an item must be loaded: false when a later flush deletes its effect. */
  readonly counts: (number: number, database: number) => boolean;
}

/** Problems kept for the error. */
const MOST_PROBLEMS = 1000;

/** The number of the last flush of each database: earlier items need not be loaded. */
class Flushes {
  private all = 0;
  private readonly of = new Map<number, number>();

  flush(number: number, database: number | null): void {
    if (database === null) this.all = number;
    else this.of.set(database, number);
  }

  counts(number: number, database: number): boolean {
    return number > this.all && number > (this.of.get(database) ?? 0);
  }
}

/** Counts by database; a flush resets them. */
class AofCounts {
  readonly problems: (AofProblem & { readonly database: number; readonly number: number })[] = [];
  readonly flushes = new Flushes();
  libraries = 0;
  /** By database: keys, commands, and both by slot. */
  readonly databases = new Map<number, { keys: number; commands: number; slots: Map<number, number> }>();
  private readonly names = new Map<string, number>();
  readonly repeated: { readonly key: string; readonly databases: readonly [number, number] }[] = [];

  constructor(private readonly lookForRepeats: boolean) {}

  add(database: number, keys: readonly string[], isCommand: boolean): void {
    let counts = this.databases.get(database);
    if (counts === undefined) this.databases.set(database, (counts = { keys: 0, commands: 0, slots: new Map() }));
    if (isCommand) counts.commands++;
    else counts.keys++;
    const slot = keySlot(keys[0] ?? '');
    counts.slots.set(slot, (counts.slots.get(slot) ?? 0) + 1);
    if (this.lookForRepeats) for (const key of keys) this.note(database, key);
  }

  problem({ kind: _kind, ...problem }: Extract<ReplayItem, { kind: 'problem' }>, file: string, number: number): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ ...problem, file, number });
  }

  flush(number: number, database: number | null): void {
    this.flushes.flush(number, database);
    if (database === null) this.databases.clear();
    else this.databases.delete(database);
    for (const [key, of] of this.names) if (database === null || of === database) this.names.delete(key);
  }

  private note(database: number, key: string): void {
    const first = this.names.get(key);
    if (first === undefined) this.names.set(key, database);
    else if (first !== database && this.repeated.length < MOST_PROBLEMS) this.repeated.push({ key, databases: [first, database] });
  }
}

function targetsOf(cluster: Cluster, totals: AofCounts): Record<string, number> {
  const owners = cluster.view.owners();
  const targets = new Map<string, number>(cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ name }) => [name, 0]));
  for (const { slots } of totals.databases.values()) {
    for (const [slot, count] of slots) {
      const name = owners[slot]?.name ?? 'no master';
      targets.set(name, (targets.get(name) ?? 0) + count);
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
        if (item.kind === 'flush') totals.flush(number, item.database);
        else if (item.kind === 'unit') for (const { keys } of item.commands) totals.add(item.database, keys, true);
        else if (only === undefined || only === item.database || item.unknown) totals.problem(item, file, number);
      },
      piece: (bytes) => onProgress?.(bytes),
    },
    wanted,
    signal,
  );
  const found = [...totals.databases].map(([index, { keys, commands }]) => ({ index, keys: keys + commands })).sort((a, b) => a.index - b.index);
  const choice = chooseDatabases(found, 'The file', db, clusterDatabases);
  if (totals.repeated.length > 0) {
    const [{ key, databases } = { key: '', databases: [0, 0] }] = totals.repeated;
    throw new TribError('SAME_NAMES', `Keys of the same name in several databases would overwrite each other: ${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (databases ${databases.join(' and ')})`, { hint: 'this cluster has one database only: import one database at a time with --db' });
  }
  const sum = (what: 'keys' | 'commands'): number => [...totals.databases.values()].reduce((all, counts) => all + counts[what], 0);
  return {
    files, bytes: end.bytes, keys: sum('keys'), commands: sum('commands'), libraries: totals.libraries, targets: targetsOf(cluster, totals),
    databases: choice.databases, keepDatabases: choice.keep, end,
    problems: totals.problems.filter(({ number, database }) => totals.flushes.counts(number, database)).map(({ number: _number, database: _database, ...problem }) => problem),
    counts: (number, database) => totals.flushes.counts(number, database),
  };
}
